"""databases: pgbench against the server direct, the wake of one that sleeps, a new one, a fork of 1 GB; by name, or all"""

import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from database_files import create, fork, many_asleep, states
from harness import Stoa, alternate, ratio, seconds_until, table

# Arguments: the parts to run, all of them if none is named, and how many rounds of pgbench, or databases of many.
NUMBER = next((int(word) for word in sys.argv[1:] if word.isdigit()), 0)
ROUNDS = NUMBER or 5
MANY = NUMBER or 200
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
    """Transactions by the address of the database and at the port of the server itself, in turn; each also with TLS."""
    url = database(stoa, "bench", "--plan", "medium", "--sleep", "false")
    straight = direct(stoa, url)
    pgbench(straight, "-i", "-q", "-s", SCALE)
    shares = []
    for title, arguments in (("pgbench, simple updates", ["-N"]), ("pgbench, selects alone", ["-S"])):
        taken = {"direct": [], "Stoa": [], "direct, TLS": [], "Stoa, TLS": []}
        for _ in range(ROUNDS):
            for tls, more in (("disable", ""), ("require", ", TLS")):
                taken["direct" + more].append(transactions(straight, *arguments, tls=tls))
                taken["Stoa" + more].append(transactions(url, *arguments, tls=tls))
        table(title, taken, " ")
        for more in ("", ", TLS"):
            share = statistics.median(taken["Stoa" + more]) / statistics.median(taken["direct" + more])
            print(f"Stoa{more}: {share:.2f} of direct{more}, of at least {SHARE_MIN}")
        shares.append((taken["Stoa"], taken["direct"]))
    return shares[0]


def wakes(stoa):
    """From the start of psql to its row: of a database that sleeps, and of one that does not."""
    asleep = database(stoa, "sleeper", "--sleep", "1s")
    awake = database(stoa, "awake", "--sleep", "false")

    def row(url):
        if subprocess.run(["psql", url, "-Atc", "select 1"], capture_output=True, text=True).stdout.strip() != "1":
            raise SystemExit("no row")

    def before(_):
        seconds_until(lambda: states(stoa)["sleeper"] == "asleep", pause=0.05)
        time.sleep(0.3)

    taken = alternate(WAKES, before=before, asleep=lambda _: row(asleep), awake=lambda _: row(awake))
    rows = {"one that is awake": taken["awake"], "one that sleeps": taken["asleep"]}
    table("from psql's start to its row", {name: [s * 1000 for s in seconds] for name, seconds in rows.items()}, "ms")
    print(f"wake: {statistics.median(taken['asleep']) * 1000:.0f} ms of at most {WAKE_SECONDS_MAX * 1000:.0f} ms")


# The headline is that of the first part that has a peer.
PARTS = {"throughput": throughput, "wake": wakes, "create": create, "fork": fork, "many": lambda stoa: many_asleep(stoa, MANY)}


def main():
    asked = [word for word in sys.argv[1:] if not word.isdigit()]
    unknown = [word for word in asked if word not in PARTS]
    if unknown:
        raise SystemExit(f"\"{unknown[0]}\" is no part of this benchmark: there are {', '.join(PARTS)}")
    with Stoa() as stoa:
        compared = [PARTS[name](stoa) for name in asked or PARTS]
    for pair in filter(None, compared):
        ratio(*pair)
        break


main()
