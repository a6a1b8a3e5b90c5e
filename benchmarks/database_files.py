"""Rows of the benchmark of databases: making one, and forking one."""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import pgwire
from harness import ratio, table

CREATE_SECONDS_MAX = 1.5
FORK_FACTOR_MAX = 1.1
ROWS_OF_A_MEGABYTE = 1000


def create(stoa, rounds=7):
    """A new database, through the command line; the first also makes what the others are copied from."""
    seconds = []
    for number in range(rounds):
        start = time.perf_counter()
        stoa.run("db", "create", f"new-{number}")
        seconds.append(time.perf_counter() - start)
    table("stoa db create", {"the first": seconds[:1], "later ones": seconds[1:]})
    print(f"create: {max(seconds[0], statistics.median(seconds)):.2f} s of at most {CREATE_SECONDS_MAX} s")


def fork(stoa, megabytes=1024, rounds=3):
    """A fork while the database works, against cp -r of its files."""
    stoa.run("db", "create", "large")
    url = json.loads(stoa.run("db", "url", "large", "--json").stdout)["url"]
    connection = pgwire.Connection(url, timeout=600)
    connection.query("create unlogged table filler as select repeat(md5(i::text), 32) t from "
                     f"generate_series(1, {megabytes * ROWS_OF_A_MEGABYTE * 95 // 100}) i")
    connection.query("alter table filler set logged")
    connection.close()
    numbers = [int(each.parent.name) for each in Path(stoa.home).glob("databases/*/data") if each.parent.name.isdigit()]
    data = Path(stoa.home) / "databases" / str(max(numbers)) / "data"
    ours, peers = [], []
    for number in range(rounds):
        start = time.perf_counter()
        stoa.run("db", "fork", "large", f"fork-{number}")
        ours.append(time.perf_counter() - start)
        with tempfile.TemporaryDirectory(dir=stoa.home) as folder:
            start = time.perf_counter()
            subprocess.run(["cp", "-r", data, folder], check=True)
            subprocess.run(["sync", "-f", folder], check=True)
            peers.append(time.perf_counter() - start)
    table(f"a fork of {megabytes} MB", {"stoa db fork": ours, "cp -r, and sync": peers})
    print(f"fork: {statistics.median(ours) / statistics.median(peers):.2f} of at most {FORK_FACTOR_MAX}")
    ratio(ours, peers)
