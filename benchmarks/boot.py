"""a later stoa up until its API answers, against the bare start of the same PostgreSQL"""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from harness import LAUNCHER, Stoa, free_port, ratio, seconds_until, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7


def answers(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=5)
        return True
    except OSError:
        return False


def main():
    stoa = Stoa()

    def up(_):
        process = subprocess.Popen(
            [LAUNCHER, "up", *map(str, stoa.ports())],
            env=stoa.environment,
            stdout=subprocess.DEVNULL,
        )
        seconds_until(lambda: answers(stoa.api_port))
        up.process = process

    first = time.perf_counter()
    up(0)
    first = time.perf_counter() - first

    ups, postgres = [], []
    stoa.down()
    up.process.wait()
    binaries = next(Path(stoa.home).glob("**/bin/postgres")).parent
    run_as = unprivileged()
    shutil.copytree(binaries.parent, "/tmp/stoa-bench-postgres", dirs_exist_ok=True)
    binaries = Path("/tmp/stoa-bench-postgres/bin")
    data = Path("/tmp/stoa-bench-data-" + str(os.getpid()))
    data.mkdir()
    if run_as:
        shutil.chown(data, "nobody")
    subprocess.run([*run_as, binaries / "initdb", "-A", "trust", "-D", data, "-U", "peer"], check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        up(0)
        ups.append(time.perf_counter() - start)
        stoa.down()
        up.process.wait()
        start = time.perf_counter()
        control = [*run_as, binaries / "pg_ctl", "-w", "-D", data, "-o", f"-p {port} -k /tmp", "-l", "/dev/null"]
        subprocess.run([*control, "start"], check=True, stdout=subprocess.DEVNULL)
        postgres.append(time.perf_counter() - start)
        subprocess.run([*control, "stop"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(data)
    table("start until it answers (at most 2 s; the first at most 5 s)", {
        "stoa up, first": [first],
        "stoa up, later": ups,
        "PostgreSQL alone (pg_ctl)": postgres,
    })
    ratio(ups, postgres)


def unprivileged():
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []


main()
