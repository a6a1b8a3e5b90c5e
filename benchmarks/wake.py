"""the first request to a sleeping app, against starting its bare process and asking it as soon as it listens"""

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Stoa, alternate, free_port, get, ratio, seconds_until, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15

# The target: at most 1.15 times the bare start and 30 ms.
FACTOR, EXTRA_SECONDS = 1.15, 0.03

NODE = """const http = require('http');
http.createServer((request, response) => response.end('hello')).listen(process.env.PORT);
"""

PYTHON = """import http.server, os


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Hello).serve_forever()
"""

MANIFEST = '[processes.web]\ninstances = { min = 0, idle = "1s" }\n'


def app(folder, name, text, command):
    folder.mkdir()
    (folder / name).write_text(text)
    (folder / "Procfile").write_text(f"web: {' '.join(command)}\n")
    (folder / "stoa.toml").write_text(MANIFEST)
    return folder


# Where an instance looks for its programs: by hand the same ones are to start.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def bare(folder, command):
    port = free_port()
    process = subprocess.Popen(command, cwd=folder, env={"PATH": PATH, "PORT": str(port)})
    while get(port) != "hello":
        time.sleep(0.001)
    return process


def main():
    work = Path(tempfile.mkdtemp(prefix="stoa-bench-wake-"))
    commands = {"node": ["node", "server.js"], "python": ["python3", "server.py"]}
    folders = {
        "node": app(work / "node", "server.js", NODE, commands["node"]),
        "python": app(work / "python", "server.py", PYTHON, commands["python"]),
    }
    running = []
    taken = {}
    with Stoa() as stoa:
        for name, folder in folders.items():
            stoa.run("deploy", folder, "-a", name)

        def asleep(name):
            return stoa.api(f"/v1/apps/{name}")["state"] == "asleep"

        for name, folder in folders.items():

            def by_hand(_, name=name, folder=folder):
                running.append(bare(folder, commands[name]))

            def by_stoa(_, name=name):
                if stoa.get(name) != "hello":
                    raise SystemExit(f"the sleeping {name} app did not answer")

            def before(_, name=name):
                while running:
                    process = running.pop()
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                seconds_until(lambda: asleep(name), pause=0.05)
                time.sleep(1.5)

            alternate(2, before=before, bare=by_hand, pause=before, stoa=by_stoa)
            rounds = alternate(ROUNDS, before=before, bare=by_hand, pause=before, stoa=by_stoa)
            taken[f"{name}, bare process"] = rounds["bare"]
            taken[f"{name}, asleep in Stoa"] = rounds["stoa"]
    for process in running:
        process.kill()
        process.wait()
    table("from the request to the whole answer", {name: [s * 1000 for s in seconds] for name, seconds in taken.items()}, "ms")
    for name in folders:
        hand = statistics.median(taken[f"{name}, bare process"])
        ours = statistics.median(taken[f"{name}, asleep in Stoa"])
        most = FACTOR * hand + EXTRA_SECONDS
        print(f"{name}: {ours * 1000:.0f} ms of at most {most * 1000:.0f} ms (1.15 x {hand * 1000:.0f} ms + 30 ms)")
    ratio(
        [s for name, seconds in taken.items() if "Stoa" in name for s in seconds],
        [s for name, seconds in taken.items() if "bare" in name for s in seconds],
    )


main()
