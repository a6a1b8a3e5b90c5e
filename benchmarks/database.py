"""pgbench through a database's proxy and direct, the wake of a sleeping database, a new one, and a fork of 1 GB"""

import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from database_files import create, fork
from harness import Stoa, alternate, ratio, seconds_until, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SECONDS = 6
CLIENTS = 8
SCALE = 10
WAKES = 10
POSTMASTER_PORT_LINE = 3

# The targets: at least so much of the transactions, and the first row of one that slept.
SHARE_MIN = 0.95
WAKE_SECONDS_MAX = 0.3


def database(stoa, name, *options):
    """Makes one; returns its URL."""
    stoa.run("db", "create", name, *options)
    return stoa.run("db", "url", name).stdout.strip()


def direct(stoa, url):
    """The same login at the port of the server itself."""
    port = next(Path(stoa.home).glob("databases/1/data/postmaster.pid")).read_text().splitlines()[POSTMASTER_PORT_LINE].strip()
    return url.replace(f":{urlsplit(url).port}/", f":{port}/")


def pgbench(url, *arguments, tls="disable"):
    parts = urlsplit(url)
    environment = dict(
        os.environ,
        PGHOST=parts.hostname,
        PGPORT=str(parts.port),
        PGUSER=parts.username,
        PGPASSWORD=parts.password,
        PGDATABASE=parts.path[1:],
        PGSSLMODE=tls,
    )
    done = subprocess.run(["pgbench", *map(str, arguments)], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"pgbench failed: {done.stderr}")
    return done.stdout


def transactions(url, *arguments, tls="disable"):
    """Per second."""
    said = pgbench(url, "-c", CLIENTS, "-j", 2, "-T", SECONDS, *arguments, tls=tls)
    return float(re.search(r"tps = ([0-9.]+)", said)[1])


def throughput(stoa):
    """Transactions of both roads, in turn; returns the shares that the proxy reached."""
    url = database(stoa, "bench", "--plan", "medium", "--sleep", "false")
    straight = direct(stoa, url)
    pgbench(straight, "-i", "-q", "-s", SCALE)
    shares = []
    for title, arguments in (("pgbench, simple updates", ["-N"]), ("pgbench, selects alone", ["-S"])):
        taken = {"direct": [], "proxy": [], "proxy, TLS": []}
        for _ in range(ROUNDS):
            taken["direct"].append(transactions(straight, *arguments))
            taken["proxy"].append(transactions(url, *arguments))
            taken["proxy, TLS"].append(transactions(url, *arguments, tls="require"))
        table(title, taken, " ")
        base = statistics.median(taken["direct"])
        for road in ("proxy", "proxy, TLS"):
            print(f"{road}: {statistics.median(taken[road]) / base:.2f} of direct")
        shares.append((taken["proxy"], taken["direct"]))
    return shares


def wakes(stoa):
    """From the start of psql to its row: of a database that sleeps, and of one that does not."""
    asleep = database(stoa, "sleeper", "--sleep", "1s")
    awake = database(stoa, "awake", "--sleep", "false")

    def row(url):
        if subprocess.run(["psql", url, "-Atc", "select 1"], capture_output=True, text=True).stdout.strip() != "1":
            raise SystemExit("no row")

    def before(_):
        seconds_until(lambda: stoa.api("/v1/resources/database/sleeper")["state"] == "asleep", pause=0.05)
        time.sleep(0.3)

    taken = alternate(WAKES, before=before, asleep=lambda _: row(asleep), awake=lambda _: row(awake))
    rows = {"one that is awake": taken["awake"], "one that sleeps": taken["asleep"]}
    table("from psql's start to its row", {name: [s * 1000 for s in seconds] for name, seconds in rows.items()}, "ms")
    print(f"wake: {statistics.median(taken['asleep']) * 1000:.0f} ms of at most {WAKE_SECONDS_MAX * 1000:.0f} ms")


def main():
    with Stoa() as stoa:
        shares = throughput(stoa)
        wakes(stoa)
        create(stoa)
        fork(stoa)
    print(f"target: at least {SHARE_MIN} of the transactions")
    ratio(*shares[0])


main()
