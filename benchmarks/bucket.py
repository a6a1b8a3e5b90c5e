"""a bucket of 100,000 small objects is listed in pages, and 1 GB is put and got, both in constant memory"""

import hashlib
import http.client
import re
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from harness import Stoa, table

OBJECTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
LARGE_BYTES = int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 30
WRITERS = 8
GROWTH_MAX_MB = 64


def rss_mb(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


class Peak:
    """The most memory that a process has while this is entered."""

    def __init__(self, pid):
        self.pid, self.before, self.most = pid, rss_mb(pid), 0

    def __enter__(self):
        self.ended = False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.ended:
            self.most = max(self.most, rss_mb(self.pid))
            time.sleep(0.1)

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()

    def grown(self):
        return max(0, self.most - self.before)


def signed(stoa, path):
    return stoa.api(f"/v1/buckets/many/{path}")["url"]


def asked(stoa, method, url, body=None):
    """The names below localhost lead here, whatever the resolver knows of them."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", stoa.http_port, timeout=300)
    connection.request(method, f"{parts.path}?{parts.query}", body=body, headers={"Host": parts.netloc})
    answer = connection.getresponse()
    if answer.status >= 300:
        raise SystemExit(f"{method} {parts.path}: {answer.status} {answer.read()[:300]}")
    return answer


def fill(stoa):
    def put(number):
        asked(stoa, "PUT", signed(stoa, f"url?method=PUT&key=small/{number:06}"), b"x").read()

    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        for _ in pool.map(put, range(OBJECTS)):
            pass
    return time.perf_counter() - start


def listed(stoa):
    count, seconds, token = 0, [], ""
    while token is not None:
        url = signed(stoa, "list-url?prefix=small/" + (f"&token={token}" if token else ""))
        start = time.perf_counter()
        xml = asked(stoa, "GET", url).read().decode()
        seconds.append(time.perf_counter() - start)
        count += xml.count("<Key>")
        found = re.search("<NextContinuationToken>(.*?)</NextContinuationToken>", xml)
        token = found.group(1) if found else None
    return count, seconds


def large(stoa, folder):
    """Up and down through the command line, whose own memory is bounded, too."""
    file, back = folder / "large", folder / "back"
    digest = hashlib.sha256()
    with open(file, "wb") as out:
        block = bytes(range(256)) * 4096
        for _ in range(LARGE_BYTES // len(block)):
            out.write(block)
            digest.update(block)
    start = time.perf_counter()
    stoa.run("bucket", "cp", file, "s3://many/large")
    up = time.perf_counter() - start
    start = time.perf_counter()
    stoa.run("bucket", "cp", "s3://many/large", back)
    down = time.perf_counter() - start
    with open(back, "rb") as got:
        same = hashlib.file_digest(got, "sha256").digest() == digest.digest()
    file.unlink()
    back.unlink()
    return up, down, same


def main():
    with Stoa() as stoa, tempfile.TemporaryDirectory(prefix="stoa-bench-bucket-") as folder:
        stoa.run("bucket", "create", "many")
        pid = stoa.status()["pid"]
        filled = fill(stoa)
        with Peak(pid) as listing:
            count, pages = listed(stoa)
        with Peak(pid) as carrying:
            up, down, same = large(stoa, Path(folder))
    print(f"{OBJECTS} objects put in {filled:.0f} s")
    table("a page of 1,000 objects", {"first quarter": [s * 1000 for s in pages[: max(1, len(pages) // 4)]],
                                      "last quarter": [s * 1000 for s in pages[-max(1, len(pages) // 4) :]]}, "ms")
    print(f"listed {count} of {OBJECTS} in {len(pages)} pages; the platform grew by {listing.grown():.0f} MB")
    print(f"{LARGE_BYTES >> 20} MB: put in {up:.1f} s, got in {down:.1f} s, {'the same' if same else 'NOT THE SAME'}; the platform grew by {carrying.grown():.0f} MB")
    if count != OBJECTS or not same or max(listing.grown(), carrying.grown()) > GROWTH_MAX_MB:
        sys.exit(f"the target is all objects, the same bytes, and at most {GROWTH_MAX_MB} MB more")


main()
