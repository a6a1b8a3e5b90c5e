"""redeploy of hello-node with one changed line, against doing it by hand; and a static site on top"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import REPOSITORY, Stoa, alternate, free_port, get, ratio, seconds_until, table

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7


def marked(folder):
    """hello-node with a server of one line that matters, so that the line to change is always the same one."""
    shutil.copytree(REPOSITORY / "examples" / "hello-node", folder, dirs_exist_ok=True)
    shutil.rmtree(folder / "node_modules", ignore_errors=True)
    (folder / "server.js").write_text(
        "const express = require('express');\n"
        "const app = express();\n"
        "app.get('/', (request, response) => response.send('round 0'));\n"
        "app.listen(process.env.PORT);\n"
    )


def set_round(folder, number):
    server = folder / "server.js"
    lines = server.read_text().splitlines()
    lines[2] = f"app.get('/', (request, response) => response.send('round {number}'));"
    server.write_text("\n".join(lines) + "\n")


def main():
    work = Path(tempfile.mkdtemp(prefix="stoa-bench-deploy-"))
    source, site = work / "source", work / "site"
    marked(source)
    shutil.copytree(REPOSITORY / "examples" / "hello-static", site)
    running = []

    def by_hand(number):
        """Copy, npm ci with a warm cache, start, wait for the port."""
        set_round(source, f"hand-{number}")
        target = work / f"hand-{number}"
        shutil.copytree(source, target)
        subprocess.run(["npm", "ci", "--silent", "--prefer-offline"], cwd=target, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        process = subprocess.Popen(["node", "server.js"], cwd=target, env=dict(os.environ, PORT=str(port)))
        running.append(process)
        seconds_until(lambda: get(port) == f"round hand-{number}")

    with Stoa() as stoa:

        def by_stoa(number):
            set_round(source, f"stoa-{number}")
            stoa.run("deploy", source, "-a", "node")
            seconds_until(lambda: stoa.get("node") == f"round stoa-{number}")

        def static_by_hand(number):
            """Copy: a web server that runs already serves the new files."""
            (site / "round.txt").write_text(str(number))
            shutil.copytree(site, work / f"site-{number}")

        def static_by_stoa(number):
            (site / "round.txt").write_text(f"stoa-{number}")
            stoa.run("deploy", site, "-a", "site")
            seconds_until(lambda: stoa.get("site", "/round.txt") == f"stoa-{number}")

        by_hand("warm-up")
        by_stoa("warm-up")
        static_by_stoa("warm-up")
        node = alternate(ROUNDS, hand=by_hand, stoa=by_stoa)
        static = alternate(ROUNDS, hand=static_by_hand, stoa=static_by_stoa)
    for process in running:
        process.send_signal(signal.SIGKILL)
        process.wait()
    shutil.rmtree(work)
    table("hello-node, from the command's start to the first 200 of the new version", node)
    table("static site, likewise (at most 1 s more than by hand)", static)
    ratio(node["stoa"], node["hand"])


main()
