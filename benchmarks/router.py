"""nginx, HAProxy, Caddy and Stoa's router as proxies before the same servers: CPU, throughput, latency, memory"""

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Stoa, free_port, get, ratio, seconds_until

TOOLS = {"nginx": "nginx-light", "haproxy": "haproxy", "caddy": "caddy", "wrk": "wrk", "h2load": "nghttp2-client", "openssl": "openssl"}
HOST = "bench.localhost"
SIZES = {"1k": 1024, "64k": 64 * 1024, "1m": 1024 * 1024}
TICKS = os.sysconf("SC_CLK_TCK")

# Of every proxy. Two of them want no more than two cores, and leave as many to the load and the instances on most machines.
THREADS = 2
JVM_FLAGS = f"-XX:ActiveProcessorCount={THREADS} {os.environ.get('STOA_JVM_FLAGS', '')}"
OPEN_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

# name: (load generator, scheme, connections, body, title)
SCENARIOS = {
    "c64": ("wrk", "http", 64, "1k", "HTTP/1.1, 1 KB, 64 connections"),
    "c256": ("wrk", "http", 256, "1k", "HTTP/1.1, 1 KB, 256 connections"),
    "64k": ("wrk", "http", 64, "64k", "HTTP/1.1, 64 KB, 64 connections"),
    "1m": ("wrk", "http", 64, "1m", "HTTP/1.1, 1 MB, 64 connections"),
    "tls": ("h2load --h1 -m1", "https", 64, "1k", "HTTP/1.1 over TLS, 1 KB, 64 connections"),
    "tls-64k": ("h2load --h1 -m1", "https", 64, "64k", "HTTP/1.1 over TLS, 64 KB, 64 connections"),
    "h2": ("h2load -m10", "https", 64, "1k", "HTTP/2 over TLS, 1 KB, 64 connections of 10 streams"),
    "h2c": ("h2load -m10", "h2c", 64, "1k", "HTTP/2 in plain text, 1 KB, 64 connections of 10 streams"),
}

# By all proxies, since the client offers nothing else.
CIPHER = "TLS_AES_128_GCM_SHA256"

ROUTES = 10_000
WARM_UP_SECONDS_MAX = 20

# Before the memory of the idle ones is measured.
WEBSOCKETS_WARM_UP = 200

# A WebSocket takes two descriptors of a proxy, which has others beside.
WEBSOCKETS = min(10_000, (OPEN_FILES - 400) // 2 - WEBSOCKETS_WARM_UP)

LUA = """done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def start(work, name, command, **options):
    log = open(work / f"{name}.log", "ab")
    return subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, **options)


def family(pid):
    """A process and what it started."""
    pids, found = [pid], 0
    while found < len(pids):
        children = Path(f"/proc/{pids[found]}/task").glob("*/children")
        for file in children:
            try:
                pids += [int(child) for child in file.read_text().split()]
            except OSError:
                pass
        found += 1
    return pids


def cpu_seconds(pids):
    total = 0
    for each in pids:
        try:
            fields = open(f"/proc/{each}/stat").read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICKS


def memory_kb(pids):
    """Proportional: what several processes share counts once."""
    total = 0
    for each in pids:
        try:
            lines = open(f"/proc/{each}/smaps_rollup").read().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total


class Proxy:
    warm_up_requests = 10_000

    def __init__(self, work, name, origins):
        self.work, self.name, self.origins = work, name, origins
        self.port, self.tls_port = free_port(), free_port()
        self.h2c_port = self.port
        self.process = None

    def write(self, text, suffix):
        path = self.work / f"{self.name}.{suffix}"
        path.write_text(text)
        return path

    def run(self, command):
        self.process = start(self.work, self.name, command, env=dict(os.environ, GOMAXPROCS=str(THREADS)))

    def pids(self):
        return family(self.process.pid)

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nginx(Proxy):
    """With buffers for a large answer: its default of 32 KB sends the rest through a file, which none of the others does."""

    def start(self):
        self.h2c_port = free_port()
        servers = "".join(f"server {address};" for address in self.origins)
        config = self.write(
            f"""daemon off; user root; worker_processes {THREADS}; worker_rlimit_nofile {OPEN_FILES}; pid {self.work}/{self.name}.pid; error_log stderr crit;
events {{ worker_connections 32768; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_temp_path {self.work}; proxy_temp_path {self.work};
  fastcgi_temp_path {self.work}; uwsgi_temp_path {self.work}; scgi_temp_path {self.work};
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream app {{ {servers} keepalive 1024; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096; listen 127.0.0.1:{self.tls_port} ssl http2 backlog=4096;
    listen 127.0.0.1:{self.h2c_port} http2 backlog=4096;
    ssl_certificate {self.work}/cert.pem; ssl_certificate_key {self.work}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      proxy_pass http://app; proxy_http_version 1.1; proxy_read_timeout 600s;
      proxy_buffers 16 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;
      proxy_set_header Connection $connection_upgrade; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $host; proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
    }}
  }}
}}
""",
            "conf",
        )
        self.run(["nginx", "-c", config, "-p", self.work])


class HAProxy(Proxy):
    def start(self):
        self.h2c_port = free_port()
        servers = "\n".join(f"  server s{number} {address}" for number, address in enumerate(self.origins))
        pem = self.work / "both.pem"
        pem.write_text((self.work / "cert.pem").read_text() + (self.work / "key.pem").read_text())
        config = self.write(
            f"""global
  maxconn {OPEN_FILES // 2 - 100}
  nbthread {THREADS}
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  option forwardfor
  http-reuse always
frontend web
  bind 127.0.0.1:{self.port}
  bind 127.0.0.1:{self.tls_port} ssl crt {pem} alpn h2,http/1.1
  bind 127.0.0.1:{self.h2c_port} proto h2
  unique-id-format %{{+X}}o%ci:%cp_%fi:%fp_%Ts_%rt:%pid
  unique-id-header X-Request-Id
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
  http-request set-header X-Forwarded-Port %[dst_port]
  default_backend app
backend app
{servers}
""",
            "cfg",
        )
        self.run(["haproxy", "-db", "-f", config])


class Caddy(Proxy):
    def start(self):
        origins = " ".join(self.origins)
        proxy = f"""
  reverse_proxy {origins} {{
    header_up X-Request-Id {{http.request.uuid}}
    transport http {{
      keepalive_idle_conns_per_host 512
    }}
  }}
"""
        config = self.write(
            f"""{{
  admin off
  auto_https off
  storage file_system {self.work}/caddy
  servers {{
    protocols h1 h2 h2c
  }}
}}
http://{HOST}:{self.port} {{{proxy}}}
https://{HOST}:{self.tls_port} {{
  tls {self.work}/cert.pem {self.work}/key.pem{proxy}}}
""",
            "Caddyfile",
        )
        self.run(["caddy", "run", "--config", config, "--adapter", "caddyfile"])


def origin_app(work, name="app"):
    """An app of two instances, each an nginx that answers from files; all proxies send their requests there."""
    folder = work / name
    folder.mkdir()
    for name, size in SIZES.items():
        (folder / name).write_bytes(b"x" * size)
    (folder / "Procfile").write_text('web: nginx -p "$PWD" -c "$PWD/nginx.conf"\n')
    (folder / "stoa.toml").write_text(
        "[processes.web]\ninstances = 2\n[edge]\naccess_log = false\ntrace = false\n"
    )
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; worker_rlimit_nofile {OPEN_FILES}; pid /tmp/nginx.pid; error_log stderr crit;
events {{ worker_connections {OPEN_FILES - 100}; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600s;
  open_file_cache max=100 inactive=600s; client_body_temp_path /tmp; proxy_temp_path /tmp; fastcgi_temp_path /tmp;
  uwsgi_temp_path /tmp; scgi_temp_path /tmp;
  server {{ listen 8080 backlog=4096; default_type text/plain; root .; }}
}}
"""
    )
    return folder


def load(work, scenario, proxy, seconds):
    """Requests, seconds, the 50th, 99th and 99.9th percentile in milliseconds, errors."""
    generator, scheme, connections, body, _ = SCENARIOS[scenario]
    if generator == "wrk":
        return wrk(work / "report.lua", connections, proxy.port, body, seconds)
    return h2load(work / "h2load.log", generator, scheme, connections, proxy, body, seconds)


def wrk(script, connections, port, body, seconds):
    text = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script,
         "-H", f"Host: {HOST}", f"http://127.0.0.1:{port}/{body}"],
        check=True, capture_output=True, text=True,
    ).stdout
    requests, micros, p50, p99, p999, errors = map(int, re.search(r"RESULT (.*)", text)[1].split())
    return requests, micros / 1e6, p50 / 1000, p99 / 1000, p999 / 1000, errors


def h2load(log, generator, scheme, connections, proxy, body, seconds):
    """It names the host in its handshake, which wrk does not where it is told an address."""
    port = proxy.tls_port if scheme == "https" else proxy.h2c_port
    log.unlink(missing_ok=True)
    text = subprocess.run(
        [*generator.split(), "-t2", f"-c{connections}", f"-D{seconds}", f"--log-file={log}", f"--tls13-ciphers={CIPHER}",
         f"--connect-to=127.0.0.1:{port}", f"{'https' if scheme == 'https' else 'http'}://{HOST}:{port}/{body}"],
        check=True, capture_output=True, text=True,
    ).stdout
    succeeded, failed = map(int, re.search(r"(\d+) succeeded, (\d+) failed", text).groups())
    micros = sorted(int(line.split()[2]) for line in log.read_text().splitlines())
    at = lambda share: micros[min(len(micros) - 1, int(len(micros) * share))] / 1000
    return succeeded, float(seconds), at(0.5), at(0.99), at(0.999), failed


class Figures:
    """Of one proxy in one scenario, a value for each round."""

    NAMES = ("CPU s/100k", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "memory MB")

    def __init__(self):
        self.values = {name: [] for name in self.NAMES}
        self.errors = 0

    def add(self, *values, errors):
        for name, value in zip(self.NAMES, values):
            self.values[name].append(value)
        self.errors += errors

    def median(self, name):
        return statistics.median(self.values[name])


def warm_up(proxy, load):
    """By requests, not by time alone: a machine with much else to do gets few done in what a calm one needs."""
    end = time.perf_counter() + WARM_UP_SECONDS_MAX
    requests = 0
    while requests < proxy.warm_up_requests and time.perf_counter() < end:
        requests += load(proxy, 2)[0]


def measure(proxies, load, rounds, seconds):
    """In alternating rounds; load(proxy, seconds) as load() returns it."""
    figures = {name: Figures() for name in proxies}
    for proxy in proxies.values():
        warm_up(proxy, load)
    for number in range(rounds):
        for name in sorted(proxies, reverse=number % 2 == 1):
            proxy = proxies[name]
            before = cpu_seconds(proxy.pids())
            requests, taken, p50, p99, p999, errors = load(proxy, seconds)
            cpu = cpu_seconds(proxy.pids()) - before
            figures[name].add(
                cpu / requests * 100_000, requests / taken, p50, p99, p999, memory_kb(proxy.pids()) / 1024, errors=errors
            )
    return figures


def report(title, figures, peer="nginx"):
    print(f"\n{title}")
    print(f"{'':10}" + "".join(f"{name:>32}" for name in Figures.NAMES) + f"{'errors':>8}")
    for name, figure in figures.items():
        cells = ""
        for column in Figures.NAMES:
            values = figure.values[column]
            ratio = figure.median(column) / figures[peer].median(column) if peer in figures else float("nan")
            spread = f"{min(values):.4g}-{max(values):.4g}"
            cells += f"{f'{figure.median(column):.4g} ({spread}) {ratio:.2f}x':>32}"
        print(f"{name:10}{cells}{figure.errors:>8}", flush=True)


TARGETS = (("CPU s/100k", "nginx", "at most", 1.1), ("p99 ms", "nginx", "at most", 1.2), ("requests/s", "haproxy", "at least", 1.0))


def targets(tables):
    """What is asked of Stoa's router, and what it is."""
    print("\nStoa's router against its targets")
    for scenario, figures in tables.items():
        for name, peer, bound, limit in TARGETS:
            if peer not in figures:
                continue
            value = figures["stoa"].median(name) / figures[peer].median(name)
            met = value <= limit if bound == "at most" else value >= limit
            print(f"{scenario:10}{name:12}{value:6.2f} x {peer:8}{bound} {limit:.1f}   {'met' if met else 'MISSED'}")


HOSTS_LUA = """local asked = {}
for number = 0, %d do
  asked[number] = wrk.format("GET", "/1k", { Host = number == 0 and "%s" or "host-" .. number .. ".example.com" })
end
request = function() return asked[math.random(0, #asked)] end
"""


def routes(work, one, options):
    """The same app under one name, and under so many, of which one is asked or each request asks for another."""
    app = origin_app(work, "many")
    with open(app / "stoa.toml", "r+") as manifest:
        rest = manifest.read()
        manifest.seek(0)
        manifest.write(f"domains = {json.dumps([f'host-{number}.example.com' for number in range(1, ROUTES)])}\n{rest}")
    with Stoa(STOA_JVM_FLAGS=JVM_FLAGS) as stoa:
        stoa.run("deploy", app, "-a", "bench")
        # One process asked for both says what a look-up costs, and nothing of how two processes differ.
        proxies = {"1 route": one, "1 of many": Platform(work, stoa), "many": Platform(work, stoa)}
        scripts = {}
        for name, proxy in proxies.items():
            scripts[proxy] = work / f"hosts-{name}.lua"
            scripts[proxy].write_text(HOSTS_LUA % (ROUTES - 1 if name == "many" else 0, HOST) + LUA)
        figures = measure(
            proxies, lambda proxy, seconds: wrk(scripts[proxy], 64, proxy.port, "1k", seconds), options.rounds, options.seconds
        )
        report(f"{ROUTES:,} routes, one asked and each request by another, HTTP/1.1, 1 KB, 64 connections", figures, peer="1 route")


WEBSOCKET_APP = """import asyncio, os

ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n\\r\\n"
)


class Sleeper(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Sleeper, "0.0.0.0", int(os.environ["PORT"]), backlog=4096)
    await server.serve_forever()


asyncio.run(main())
"""


REQUEST = (
    f"GET / HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()


async def open_websockets(port, count, batch=100):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(REQUEST)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"no WebSocket: {head!r}")
        return reader, writer

    sockets = []
    while len(sockets) < count:
        sockets += await asyncio.gather(*(one() for _ in range(min(batch, count - len(sockets)))))
    return sockets


def idle_websockets(proxy, count):
    """Proportional memory that each adds, in KB."""
    async def measured():
        warm_up = await open_websockets(proxy.port, WEBSOCKETS_WARM_UP)
        before = memory_kb(proxy.pids())
        sockets = await open_websockets(proxy.port, count)
        await asyncio.sleep(3)
        added = (memory_kb(proxy.pids()) - before) / count
        for _, writer in warm_up + sockets:
            writer.transport.abort()
        return added

    return asyncio.run(measured())


KINDS = {"nginx": Nginx, "haproxy": HAProxy, "caddy": Caddy}


class Platform(Proxy):
    """The platform's own process, with all that it does beside routing, but without the instances and databases that it runs."""

    # It runs for weeks, and its compiler has long done its work.
    warm_up_requests = 500_000

    def __init__(self, work, stoa):
        self.work, self.name = work, "stoa"
        self.port, self.tls_port, self.pid = stoa.http_port, stoa.https_port, stoa.status()["pid"]
        self.h2c_port = self.port

    def start(self):
        pass

    def pids(self):
        return [self.pid]

    def stop(self):
        pass


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/run router")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of load, for each proxy in each round")
    parser.add_argument("--proxies", default="nginx,haproxy,caddy", help="beside Stoa")
    parser.add_argument("--websockets", type=int, default=WEBSOCKETS, help="idle ones")
    parser.add_argument("scenarios", nargs="*", help=f"some of {', '.join(SCENARIOS)}, routes, websockets; all unless named")
    options = parser.parse_args()
    missing = sorted(package for tool, package in TOOLS.items() if not shutil.which(tool))
    if missing:
        raise SystemExit(f"needs more programs: apt-get install {' '.join(missing)}")
    # The one for WebSockets takes the app away from the others, so it is the last.
    scenarios = options.scenarios or [*SCENARIOS, "routes", "websockets"]
    work = Path(tempfile.mkdtemp(prefix="stoa-bench-", dir="/dev/shm"))
    (work / "report.lua").write_text(LUA)
    certificate(work)
    try:
        with Stoa(STOA_JVM_FLAGS=JVM_FLAGS) as stoa:
            compare(work, stoa, options, scenarios)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def certificate(work):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", work / "key.pem", "-out", work / "cert.pem", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"],
        check=True, capture_output=True,
    )


def compare(work, stoa, options, scenarios):
    app = origin_app(work)
    stoa.run("deploy", app, "-a", "bench")
    stoa.run("certs", "add", HOST, "--cert", work / "cert.pem", "--key", work / "key.pem")
    origins = origins_of(stoa)
    kinds = {name: KINDS[name] for name in options.proxies.split(",") if name}
    proxies = {name: kind(work, name, origins) for name, kind in kinds.items()}
    proxies["stoa"] = Platform(work, stoa)
    headline, tables = None, {}
    try:
        for proxy in proxies.values():
            proxy.start()
        for proxy in proxies.values():
            seconds_until(lambda: get(proxy.port, "/1k", host=HOST), limit=20)
        for scenario in scenarios:
            if scenario == "websockets":
                for name in kinds:
                    proxies.pop(name).stop()
                websockets(work, stoa, kinds, options.websockets)
                continue
            if scenario == "routes":
                routes(work, proxies["stoa"], options)
                continue
            figures = measure(
                proxies, lambda proxy, seconds: load(work, scenario, proxy, seconds), options.rounds, options.seconds
            )
            report(SCENARIOS[scenario][4], figures)
            headline = headline or figures
            tables[scenario] = figures
    finally:
        for proxy in proxies.values():
            proxy.stop()
    targets(tables)
    if headline and "nginx" in headline:
        print("\nCPU per request, Stoa's router against nginx, in the first table:")
        ratio(headline["stoa"].values["CPU s/100k"], headline["nginx"].values["CPU s/100k"])


def websockets(work, stoa, kinds, count):
    """Memory of idle WebSockets, to an app that takes every upgrade and says nothing more."""
    folder = work / "websockets"
    folder.mkdir()
    (folder / "Procfile").write_text("web: python3 server.py\n")
    (folder / "server.py").write_text(WEBSOCKET_APP)
    (folder / "stoa.toml").write_text("[processes.web]\ninstances = 2\n[edge]\naccess_log = false\n")
    stoa.run("destroy", "-a", "bench", "--confirm", "bench")
    stoa.run("deploy", folder, "-a", "bench")
    print(f"\n{count} idle WebSockets, KB of proportional memory that each adds (at most 12)", flush=True)
    proxies = {name: kind(work, name, origins_of(stoa)) for name, kind in kinds.items()}
    for name, proxy in [*proxies.items(), ("stoa", Platform(work, stoa))]:
        proxy.start()
        time.sleep(2)
        try:
            print(f"{name:10}{idle_websockets(proxy, count):8.1f}", flush=True)
        finally:
            proxy.stop()


def origins_of(stoa):
    return [instance["address"] for instance in json.loads(stoa.run("ps", "-a", "bench", "--json").stdout)]


main()
