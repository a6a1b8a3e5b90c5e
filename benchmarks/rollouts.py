"""20 rollouts, crashes, scalings and restarts of the platform, while clients of all kinds ask; none may notice"""

import collections
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import LAUNCHER, REPOSITORY, Stoa, seconds_until

ROLLOUTS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1

# Of each kind.
CLIENTS = 2

# How often each of the others happens for one rollout, and how long all is left in peace after anything that happens.
CRASHES, SCALINGS, RESTARTS, HANDOVERS = 1.0, 0.5, 0.25, 0.25
PEACE_SECONDS = 0.3, 1.5

CROWD = REPOSITORY / "e2e/src/test/java/dev/stoa/e2e/Crowd.java"

SERVER = """const http = require('http'), crypto = require('crypto');
const release = RELEASE;
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => {
    if (!request.url.startsWith('/slow/')) {
      response.end(request.method === 'POST' ? Buffer.concat(parts) : request.url);
      return;
    }
    let dots = 0;
    response.writeHead(200);
    const timer = setInterval(() => {
      response.write('.');
      if (++dots === 10) {
        clearInterval(timer);
        response.end(request.url);
      }
    }, 100);
  });
});
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n'
    + `Sec-WebSocket-Accept: ${crypto.createHash('sha1').update(key).digest('base64')}\\r\\n\\r\\n`);
  let came = Buffer.alloc(0);
  socket.on('data', bytes => {
    came = Buffer.concat([came, bytes]);
    while (came.length >= 6 && came.length >= 6 + (came[1] & 127)) {
      const size = came[1] & 127;
      const echo = Buffer.alloc(2 + size);
      echo[0] = came[0];
      echo[1] = size;
      for (let i = 0; i < size; i++) echo[2 + i] = came[6 + i] ^ came[2 + i % 4];
      const last = (came[0] & 15) === 8;
      came = came.subarray(6 + size);
      socket.write(echo);
      if (last) socket.end();
    }
  });
});
server.listen(process.env.PORT);
"""

# An app whose instances crash is asked only for what may be asked twice; of the other, none dies before its time.
ASKED = {
    "crashing": "NEW KEPT SECURE_NEW SECURE_KEPT H2C H2 SOCKET SECURE_SOCKET H2_SOCKET".split(),
    "steady": "NEW KEPT SECURE_NEW SECURE_KEPT H2C H2 SOCKET SECURE_SOCKET H2_SOCKET POST H2_POST SLOW H2_SLOW".split(),
}


class Work:
    """What happens to the apps and the platform; each prints a line."""

    def __init__(self, stoa, folders, chance):
        self.stoa, self.folders, self.chance = stoa, folders, chance
        self.releases = 1

    def rollout(self):
        self.releases += 1
        app = self.chance.choice(list(self.folders))
        (self.folders[app] / "server.js").write_text(SERVER.replace("RELEASE", str(self.releases)))
        self.stoa.run("deploy", self.folders[app], "-a", app)

    def restart(self):
        self.stoa.run("restart", "-a", self.chance.choice(list(self.folders)))

    def scaling(self):
        app = self.chance.choice(list(self.folders))
        self.stoa.run("scale", f"web={self.chance.randint(1, 3)}", "-a", app)

    def crash(self):
        pids = [instance["pid"] for instance in self.instances("crashing") if instance.get("pid")]
        if pids:
            try:
                os.kill(self.chance.choice(pids), signal.SIGKILL)
            except ProcessLookupError:
                pass
        # A crash while another is not mended yet may leave nobody; and a deploy may not crash.
        seconds_until(lambda: all(i["state"] == "up" for i in self.instances("crashing")), pause=0.05)

    def handover(self):
        self.stoa.run("restart", "--platform")

    def instances(self, app):
        return self.stoa.api(f"/v1/apps/{app}/instances")


def crowd(stoa, app, kinds):
    java = subprocess.run([LAUNCHER, "--print-java-home"], check=True, capture_output=True, text=True).stdout.strip()
    lib = next((REPOSITORY / "dist/target").glob("stoa-*/lib"))
    # Its own source is its program, so that the tests and this ask in the same way.
    command = [f"{java}/bin/java", "-cp", f"{lib}/*", CROWD, stoa.http_port, stoa.https_port, app, CLIENTS, *kinds]
    return subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True
    )


def main():
    chance = random.Random(SEED)
    work = Path(tempfile.mkdtemp(prefix="stoa-bench-rollouts-"))
    folders = {}
    for app in ASKED:
        folders[app] = work / app
        folders[app].mkdir()
        (folders[app] / "server.js").write_text(SERVER.replace("RELEASE", "1"))
        (folders[app] / "Procfile").write_text("web: node server.js\n")
    plan = ["rollout"] * ROLLOUTS
    for name, share in (("crash", CRASHES), ("scaling", SCALINGS), ("restart", RESTARTS), ("handover", HANDOVERS)):
        plan += [name] * round(ROLLOUTS * share)
    chance.shuffle(plan)
    print(f"seed {SEED}: {', '.join(f'{count} {name}' for name, count in collections.Counter(plan).items())}")
    with Stoa() as stoa:
        for app, folder in folders.items():
            stoa.run("deploy", folder, "-a", app)
            stoa.run("scale", "web=2", "-a", app)
        crowds = {app: crowd(stoa, app, kinds) for app, kinds in ASKED.items()}
        for process in crowds.values():
            process.stdout.readline()
        happens = Work(stoa, folders, chance)
        for step in plan:
            print(time.strftime("%H:%M:%S"), step, file=sys.stderr)
            getattr(happens, step)()
            time.sleep(chance.uniform(*PEACE_SECONDS))
        said = {app: process.communicate()[0] for app, process in crowds.items()}
    report(said, crowds)


def report(said, crowds):
    answers = failures = 0
    print(f"\n{'app':10}{'clients':32}{'right answers':>14}{'told to go':>12}{'failed':>8}")
    reasons = []
    for app, lines in said.items():
        rows = collections.defaultdict(lambda: [0, 0, 0])
        for line in lines.splitlines():
            title, count, reason = line.split("\t")
            column = {"": 0, "told to go": 1}.get(reason, 2)
            rows[title][column] += int(count)
            if column == 2:
                reasons.append(f"{app}, {title}: {count} {reason}")
        for title, (right, gone, failed) in rows.items():
            print(f"{app:10}{title:32}{right:>14}{gone or '':>12}{failed:>8}")
            answers, failures = answers + right, failures + failed
    for reason in reasons:
        print(reason)
    if any(process.returncode for process in crowds.values()) or not answers:
        raise SystemExit("the clients did not come to their end")
    print(f"{answers} right answers, {failures} failed requests")
    sys.exit(1 if failures else 0)


main()
