"""kills databases and the platform at random moments; looks for what was acknowledged, then restores to random moments"""

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pgwire
from harness import Stoa, seconds_until

WRITERS = 3
NAME = "torture"
# Longer than a commit takes, shorter than most rounds.
CALM_SECONDS = (0.2, 2.5)
RETRY_SECONDS = 0.02


class Writer(threading.Thread):
    """Commits numbered rows, and notes of each when it was sent and when it was acknowledged."""

    def __init__(self, number, url):
        super().__init__(daemon=True)
        self.number, self.url = number, url
        self.sent, self.acknowledged = {}, {}
        self.failures = 0
        self.ended = False

    def run(self):
        connection, row = None, 0
        while not self.ended:
            try:
                if connection is None:
                    connection = pgwire.Connection(self.url)
                row += 1
                self.sent[row] = time.time()
                connection.query(f"insert into ledger values ({self.number}, {row})")
                self.acknowledged[row] = time.time()
            except (OSError, pgwire.Refused, ConnectionError):
                self.failures += 1
                if connection:
                    connection.close()
                connection = None
                time.sleep(RETRY_SECONDS)


def patiently(task, limit=90):
    """What it returns, as soon as it works: the server may have been killed a moment ago."""
    end = time.monotonic() + limit
    while True:
        try:
            return task()
        except (OSError, pgwire.Refused, ConnectionError) as e:
            if time.monotonic() > end:
                raise SystemExit(f"the database did not come back in {limit} s: {e}")
            time.sleep(0.1)


def rows(url):
    def read():
        connection = pgwire.Connection(url)
        try:
            return {(int(writer), int(row)) for writer, row in connection.query("select writer, row from ledger")}
        finally:
            connection.close()

    return patiently(read)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def postmasters(stoa):
    """The servers of the platform's databases, and those of proofs that are under way."""
    found = []
    for file in Path(stoa.home).glob("databases/*/data/postmaster.pid"):
        try:
            found.append(int(file.read_text().split("\n")[0]))
        except (OSError, ValueError):
            pass
    return found


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill_postgres(stoa, dice):
    for pid in postmasters(stoa):
        backends = children(pid)
        what = dice.choice(["postmaster", "one backend", "all"])
        if what != "one backend":
            kill(pid)
        if what == "all":
            for backend in backends:
                kill(backend)
        elif what == "one backend" and backends:
            kill(dice.choice(backends))


def kill_platform(stoa, pid):
    kill(pid)
    seconds_until(lambda: not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text())


def missing(writers, there, by):
    """What was acknowledged by then and is not there."""
    return [
        (writer.number, row)
        for writer in writers
        for row, at in list(writer.acknowledged.items())
        if at < by and (writer.number, row) not in there
    ]


def early(writers, there, since):
    """What is there although it was sent only afterwards."""
    sent = {(writer.number, row): at for writer in writers for row, at in list(writer.sent.items())}
    return [each for each in there if sent[each] > since]


def torture(stoa, dice, rounds, restores):
    url = json.loads(stoa.run("db", "url", NAME, "--json").stdout)["url"]
    patiently(lambda: pgwire.Connection(url)).query("create table ledger (writer int, row int, primary key (writer, row))")
    stoa.run("db", "backup", NAME, "--wait")
    writers = [Writer(number, url) for number in range(WRITERS)]
    started = time.time()
    for writer in writers:
        writer.start()
    lost = []
    pid = stoa.status()["pid"]
    for number in range(1, rounds + 1):
        time.sleep(dice.uniform(*CALM_SECONDS))
        target = dice.choice(["PostgreSQL", "the platform", "both"])
        if dice.random() < 0.3:
            stoa.api_post(f"/v1/databases/{NAME}/backups")
            time.sleep(dice.uniform(0, 1))
        order = [lambda: kill_postgres(stoa, dice), lambda: kill_platform(stoa, pid)]
        if target == "PostgreSQL":
            order[0]()
        elif target == "the platform":
            order[1]()
        else:
            dice.shuffle(order)
            for each in order:
                each()
        if target != "PostgreSQL":
            stoa.up()
            pid = stoa.status()["pid"]
        by = time.time()
        gone = missing(writers, rows(url), by)
        lost += gone
        acknowledged = sum(len(writer.acknowledged) for writer in writers)
        print(f"round {number:>3}: killed {target:<12}  {acknowledged:>7} acknowledged, {len(gone)} of them lost", flush=True)
    time.sleep(1)
    for writer in writers:
        writer.ended = True
    for writer in writers:
        writer.join()
    ended = time.time()
    lost += missing(writers, rows(url), ended)
    wrong = []
    for number in range(1, restores + 1):
        moment = dice.uniform(started, ended)
        to = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="microseconds")
        moment = datetime.fromisoformat(to).timestamp()
        name = f"restored-{number}"
        done = stoa.run("db", "restore", NAME, "--to", to, "--as", name, check=False)
        if done.returncode:
            print(f"restore to {to} failed: {done.stderr.strip()}", flush=True)
            wrong.append(to)
            continue
        there = rows(json.loads(stoa.run("db", "url", name, "--json").stdout)["url"])
        too_few, too_many = missing(writers, there, moment), early(writers, there, moment)
        print(f"restore {number:>2}: {to}  {len(there):>7} rows, {len(too_few)} lost, {len(too_many)} too many", flush=True)
        if too_few or too_many:
            wrong.append(to)
    return writers, lost, wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=50)
    arguments.add_argument("--restores", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = arguments.parse_args()
    print(f"seed: {asked.seed}", flush=True)
    with Stoa() as stoa:
        stoa.run("db", "create", NAME)
        writers, lost, wrong = torture(stoa, random.Random(asked.seed), asked.rounds, asked.restores)
        problems = stoa.status()["problems"]
    acknowledged = sum(len(writer.acknowledged) for writer in writers)
    interrupted = sum(writer.failures for writer in writers)
    print(f"\n{acknowledged} rows acknowledged, {interrupted} attempts interrupted by {asked.rounds} kills")
    print(f"lost: {len(lost)} {sorted(lost)[:10] if lost else ''}")
    print(f"restores that differ from the log: {len(wrong)} of {asked.restores}")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    if lost or wrong:
        print(f"again: benchmarks/run torture --rounds {asked.rounds} --seed {asked.seed}")
        sys.exit(1)


main()
