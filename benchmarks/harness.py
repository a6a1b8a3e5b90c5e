"""What the benchmarks share: a platform of their own, rounds that alternate, and the table at the end."""

import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LAUNCHER = os.environ.get("STOA_BENCHMARK_LAUNCHER", str(REPOSITORY / "stoa"))


class Stoa:
    """A platform in a data directory and on ports of its own, driven through the command line."""

    def __init__(self, **environment):
        self.home = tempfile.mkdtemp(prefix="stoa-bench-")
        self.api_port, self.http_port, self.https_port = free_port(), free_port(), free_port()
        self.environment = dict(os.environ, STOA_HOME=self.home, **environment)

    def run(self, *arguments, check=True):
        done = subprocess.run(
            [LAUNCHER, *map(str, arguments)], env=self.environment, check=False, capture_output=True, text=True
        )
        if check and done.returncode != 0:
            words = " ".join(map(str, arguments))
            raise SystemExit(f"stoa {words} ended with {done.returncode}:\n{done.stdout}{done.stderr}{self.log_end()}")
        return done

    def log_end(self):
        """The last lines of the platform's own log, where it has one."""
        log = Path(self.home) / "platform.log"
        return "\n".join(["platform.log ends:", *log.read_text().splitlines()[-20:]]) if log.exists() else ""

    def up(self):
        self.run("up", "--detach", *self.ports())

    def ports(self):
        return ["--api-port", self.api_port, "--http-port", self.http_port, "--https-port", self.https_port]

    def down(self):
        self.run("down", check=False)

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def get(self, app, path="/"):
        return get(self.http_port, path, host=f"{app}.localhost")

    def api(self, path):
        """What the platform's API answers, without the cost of a command."""
        token = (Path(self.home) / "token").read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def api_post(self, path):
        """Asks the platform's API for something that needs no body; gives up waiting for the answer after a moment."""
        token = (Path(self.home) / "token").read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}{path}", data=b"", headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=1) as response:
                return json.load(response)
        except OSError:
            return None

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()


def get(port, path="/", host="localhost"):
    """The body, or None while nothing answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()
    except OSError:
        return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def seconds_until(condition, limit=120, pause=0.002):
    """Waits, looking every 2 ms unless told otherwise, until the condition holds."""
    start = time.perf_counter()
    while not condition():
        if time.perf_counter() - start > limit:
            raise SystemExit(f"waited {limit} s in vain")
        time.sleep(pause)
    return time.perf_counter() - start


def alternate(rounds, **contestants):
    """Runs each contestant once a round, in turn, and returns the seconds that each took, by name."""
    taken = {name: [] for name in contestants}
    for number in range(rounds):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            contestant(number)
            taken[name].append(time.perf_counter() - start)
    return taken


def table(title, rows, unit="s"):
    """Prints minimum, median and maximum of each row."""
    print(f"\n{title}")
    print(f"{'':32}{'minimum':>10}{'median':>10}{'maximum':>10}")
    for name, values in rows.items():
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{name:32}{low:>9.2f}{unit:1}{middle:>9.2f}{unit:1}{high:>9.2f}{unit:1}")


def ratio(ours, peers):
    """The last line of every benchmark."""
    print(f"ratio: {statistics.median(ours) / statistics.median(peers):.2f}")
