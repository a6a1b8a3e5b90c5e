"""first build and rebuild of a Node, Python, Go and Java app, against the bare tool's own commands"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import LAUNCHER, REPOSITORY, Stoa, ratio, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
KINDS = sys.argv[2:] or ["node", "python", "go", "java"]
FIRST_MAX, REBUILD_MAX = 1.1, 0.5

PACKAGE = """{
  "name": "bench", "version": "1.0.0", "private": true,
  "scripts": {"start": "node server.js"},
  "dependencies": {"express": "4.21.2", "lodash": "4.17.21", "pg": "8.13.1", "axios": "1.7.9", "winston": "3.17.0"}
}
"""
SERVER = """const express = require('express');
const app = express();
app.get('/', (request, response) => response.send('round 0'));
app.listen(process.env.PORT);
"""
REQUIREMENTS = "Django==5.1.4\nflask==3.1.0\nrequests==2.32.3\nSQLAlchemy==2.0.36\ngunicorn==23.0.0\n"
PYTHON = """import os
from flask import Flask
app = Flask(__name__)
@app.get('/')
def index():
    return 'round 0'
if __name__ == '__main__':
    app.run(host='0.0.0.0', port=int(os.environ['PORT']))
"""
GO_MODULE = "module example.com/bench\n\ngo 1.22\n\nrequire github.com/gorilla/mux v1.8.1\n"
GO = """package main

import (
\t"fmt"
\t"net/http"
\t"os"

\t"github.com/gorilla/mux"
)

func main() {
\tr := mux.NewRouter()
\tr.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "round 0") })
\thttp.ListenAndServe(":"+os.Getenv("PORT"), r)
}
"""


class Kind:
    """An app of one language, and how it is built by hand: install() fetches and compiles, with caches in a folder."""

    def __init__(self, work, name):
        self.name = name
        self.source = work / name
        self.source.mkdir()
        getattr(self, "make_" + name)()

    def write(self, name, text):
        (self.source / name).write_text(text)

    def make_node(self):
        self.write("package.json", PACKAGE)
        self.write("server.js", SERVER)
        self.changes = self.source / "server.js"
        self.call("npm install --package-lock-only --silent", self.source, {})

    def make_python(self):
        self.write("requirements.txt", REQUIREMENTS)
        self.write("app.py", PYTHON)
        self.changes = self.source / "app.py"

    def make_go(self):
        self.write("go.mod", GO_MODULE)
        self.write("main.go", GO)
        self.changes = self.source / "main.go"
        self.call("go mod tidy", self.source, {})

    def make_java(self):
        shutil.copytree(REPOSITORY / "examples" / "hello-java", self.source, dirs_exist_ok=True)
        shutil.rmtree(self.source / "target", ignore_errors=True)
        self.changes = next(self.source.rglob("*.java"))

    def commands(self, cache):
        """What somebody would type, and the settings that keep the tool's cache in this folder."""
        return {
            "node": ("npm ci", {"npm_config_cache": cache / "npm"}),
            "python": ("python3 -m venv venv && venv/bin/pip install -q -r requirements.txt", {"PIP_CACHE_DIR": cache}),
            "go": (
                "mkdir -p bin && go build -o bin/ ./...",
                {"GOCACHE": cache / "compiled", "GOMODCACHE": cache / "modules", "GOFLAGS": "-modcacherw"},
            ),
            "java": (f"mvn -q -B -DskipTests -Dmaven.repo.local={cache}/repository package", {}),
        }[self.name]

    def by_hand(self, target, cache):
        shutil.copytree(self.source, target)
        command, environment = self.commands(cache)
        self.call(command, target, environment)

    def change(self, number):
        """One line of a comment, so that the code is another and does the same."""
        mark = "#" if self.name == "python" else "//"
        lines = [line for line in self.changes.read_text().splitlines() if "a benchmark's round" not in line]
        self.changes.write_text("\n".join([*lines, f"{mark} a benchmark's round {number}"]) + "\n")

    @staticmethod
    def call(command, folder, environment):
        result = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env={**os.environ, **{name: str(value) for name, value in environment.items()}},
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise SystemExit(f"{command} failed:\n{result.stdout}{result.stderr}")


def build_seconds(stoa, arguments):
    """From the command's start to the line that says the build is done; what follows is the start of the app."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [LAUNCHER, *map(str, arguments)],
        env=stoa.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    taken, said = None, []
    for line in process.stdout:
        said.append(line)
        if line.startswith("-----> Releasing"):
            taken = time.perf_counter() - start
    if process.wait() != 0 or taken is None:
        raise SystemExit("the deploy failed:\n" + "".join(said))
    return taken


def measure(stoa, work, kind):
    """Cold caches: each first build is that of a new app, or in a new folder. The network answers both."""
    rows = {name: [] for name in ("first by hand", "first by stoa", "rebuild by hand", "rebuild by stoa")}
    for number in range(ROUNDS + 1):
        kind.change(f"{number}-first")
        cache = work / f"{kind.name}-cache-{number}"
        app = f"{kind.name}-{number}"
        contestants = [
            ("first by hand", lambda: kind.by_hand(work / f"{kind.name}-first-{number}", cache)),
            ("first by stoa", lambda: build_seconds(stoa, ["deploy", kind.source, "-a", app])),
        ]
        taken = {}
        # Whoever comes second finds the network's own caches warm, so they take turns at that, too.
        for name, contestant in contestants if number % 2 == 0 else reversed(contestants):
            taken[name] = timed(contestant)
        kind.change(f"{number}-again")
        taken["rebuild by hand"] = timed(lambda: kind.by_hand(work / f"{kind.name}-again-{number}", cache))
        taken["rebuild by stoa"] = timed(lambda: build_seconds(stoa, ["deploy", kind.source, "-a", app]))
        stoa.run("destroy", "-a", app, "--confirm", app)
        if number > 0:  # The first round warms up the platform and the machine.
            for name, seconds in taken.items():
                rows[name].append(seconds)
    table(f"{kind.name}: from the command's start to the end of the build", rows)
    first = statistics.median(rows["first by stoa"]) / statistics.median(rows["first by hand"])
    rebuild = statistics.median(rows["rebuild by stoa"]) / statistics.median(rows["first by hand"])
    print(f"{kind.name}: first build {first:.2f} of the bare install (at most {FIRST_MAX}), "
          f"rebuild {rebuild:.2f} (at most {REBUILD_MAX})")
    return first, rows


def timed(contestant):
    start = time.perf_counter()
    answer = contestant()
    return answer if isinstance(answer, float) else time.perf_counter() - start


def main():
    work = Path(tempfile.mkdtemp(prefix="stoa-bench-build-"))
    with Stoa() as stoa:
        results = [measure(stoa, work, Kind(work, name)) for name in KINDS]
    shutil.rmtree(work, ignore_errors=True)
    _, worst = max(results, key=lambda result: result[0])
    print("\nthe worst of the first builds, against the bare install:")
    ratio(worst["first by stoa"], worst["first by hand"])


main()
