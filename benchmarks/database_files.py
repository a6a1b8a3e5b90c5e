"""Rows of the benchmark of databases: making one, forking one, and having many."""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import pgwire
from harness import seconds_until, table

CREATE_SECONDS_MAX = 1.5
FORK_FACTOR_MAX = 1.1
BEYOND_MEGABYTES_MAX = 100
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
    return ours, peers


def many_asleep(stoa, count, awake=5):
    """Databases that sleep but for a few: what each of those adds to the machine, and a cluster of PostgreSQL alone beside it."""
    stoa.run("db", "create", "many-first")
    before, threads, processes = live(stoa), threads_of(stoa), servers(stoa)
    for number in range(count):
        stoa.run("db", "create", f"many-{number}", "--sleep", "false" if number < awake else "1s")
    asleep = [f"many-{number}" for number in range(awake, count)]
    seconds_until(lambda: all(states(stoa)[name] == "asleep" for name in asleep), pause=1)
    resting = [folder for folder in folders(stoa) if not (folder / "data/postmaster.pid").exists()]
    data = statistics.mean(bytes_of(each / "data") - bytes_of(each / "data/pg_wal") for each in resting)
    beyond = statistics.mean(map(bytes_of, resting)) - data
    print(f"{count} databases, {len(resting)} asleep")
    print(f"memory of the platform: {(live(stoa) - before) / count / 1e3:.0f} KB more for each")
    print(f"threads of the platform: {threads_of(stoa) - threads:+d}, servers of PostgreSQL: {servers(stoa) - processes:+d}")
    print(f"disk of one that sleeps: {data / 1e6:.1f} MB of data, {beyond / 1e6:.2f} MB beyond it: the log, the server's messages")
    print(f"what initdb makes, and one database more: {bare_cluster(stoa) / 1e6:.1f} MB")
    print(f"disk beyond their data: {beyond * 100 / 1e6:.1f} MB for 100, of at most {BEYOND_MEGABYTES_MAX} MB")


def folders(stoa):
    """Those of the databases, without the cluster that they are copied from."""
    return [each for each in Path(stoa.home).glob("databases/*") if each.name.isdigit()]


def threads_of(stoa):
    """Of the platform's process, as the system counts them."""
    return len(list(Path(f"/proc/{stoa.status()['pid']}/task").iterdir()))


def servers(stoa):
    """How many databases have one."""
    return sum((folder / "data/postmaster.pid").exists() for folder in folders(stoa))


def bare_cluster(stoa):
    """Bytes on the disk of what initdb makes, which has never run, and of one database more."""
    data = next(Path(stoa.home).glob("databases/template-*")) / "data"
    return bytes_of(data) + bytes_of(data / "base/1")


def states(stoa):
    """By name. The list alone does not ask the servers, which would keep them awake."""
    return {each["name"]: each["state"] for each in stoa.api("/v1/resources/database")}


def live(stoa):
    """Bytes of the objects that the platform's process has, after what it has no more use for is gone."""
    pid = stoa.status()["pid"]
    jcmd = Path(f"/proc/{pid}/exe").resolve().with_name("jcmd")
    said = subprocess.run([jcmd, str(pid), "GC.class_histogram"], check=True, capture_output=True, text=True).stdout
    return int(said.split()[-1])


def bytes_of(folder):
    """What it takes of the disk."""
    return int(subprocess.run(["du", "-s", "-B1", folder], check=True, capture_output=True, text=True).stdout.split()[0])
