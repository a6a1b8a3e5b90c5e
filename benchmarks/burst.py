"""500 requests at once to a sleeping app, none of which may fail, against 500 that try until the bare process listens"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Stoa, free_port, ratio, seconds_until, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
REQUESTS = 500

SERVER = """const http = require('http');
http.createServer((request, response) => setTimeout(() => response.end('hello'), 100)).listen(process.env.PORT);
"""

MANIFEST = '[processes.web]\ninstances = { min = 0, max = 2, concurrency = 50, idle = "1s" }\n'


async def ask(port, host, retry):
    """Seconds until the whole answer; an error is whatever is not 200 with the right body."""
    start = time.perf_counter()
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            if not retry:
                raise
            await asyncio.sleep(0.005)
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200 ") or b"hello" not in answer:
        raise OSError(answer.decode(errors="replace")[:300] or "an empty answer")
    return time.perf_counter() - start


async def burst(port, host, retry=False):
    return await asyncio.gather(*(ask(port, host, retry) for _ in range(REQUESTS)), return_exceptions=True)


def main():
    work = Path(tempfile.mkdtemp(prefix="stoa-bench-burst-"))
    (work / "server.js").write_text(SERVER)
    (work / "Procfile").write_text("web: node server.js\n")
    (work / "stoa.toml").write_text(MANIFEST)
    total = {"bare process": [], "asleep in Stoa": []}
    errors = {name: 0 for name in total}

    def measure(name, round_of):
        start = time.perf_counter()
        answers = asyncio.run(round_of())
        total[name].append((time.perf_counter() - start) * 1000)
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        errors[name] += len(failed)
        if failed:
            print(f"{name}: {failed[0]}", file=sys.stderr)

    with Stoa() as stoa:
        stoa.run("deploy", work, "-a", "burst")
        for _ in range(ROUNDS):
            port = free_port()
            bare = None

            async def by_hand():
                nonlocal bare
                bare = subprocess.Popen(["node", "server.js"], cwd=work, env=dict(os.environ, PORT=str(port)))
                return await burst(port, "localhost", retry=True)

            measure("bare process", by_hand)
            bare.kill()
            bare.wait()
            seconds_until(lambda: stoa.api("/v1/apps/burst")["state"] == "asleep", pause=0.05)
            time.sleep(1.5)
            measure("asleep in Stoa", lambda: burst(stoa.http_port, "burst.localhost"))
    table(f"{REQUESTS} requests at once, until the last is answered", total, "ms")
    print(f"errors: {errors['asleep in Stoa']} in Stoa, {errors['bare process']} by hand")
    ratio(total["asleep in Stoa"], total["bare process"])
    sys.exit(1 if errors["asleep in Stoa"] else 0)


main()
