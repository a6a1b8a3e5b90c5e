"""memory and CPU of an idle platform, and what 200 stopped apps add, against PostgreSQL's share"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Stoa, ratio, table

APPS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
QUIET_SECONDS = 20
WARM_UP = 20


def rss_mb(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def pss_mb(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:")) / 1024


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def live_heap_kb(pid, java_home):
    """What a full collection leaves."""
    jcmd = str(Path(java_home) / "bin" / "jcmd")
    subprocess.run([jcmd, str(pid), "GC.run"], check=True, stdout=subprocess.DEVNULL)
    text = subprocess.run([jcmd, str(pid), "GC.heap_info"], check=True, capture_output=True, text=True).stdout
    return sum(
        int(line.split("used ")[1].split("K")[0])
        for line in text.splitlines()
        if "used " in line and ("def new" in line.lower() or "tenured" in line.lower() or "defnew" in line.lower())
    )


def main():
    with Stoa() as stoa:
        pid = stoa.status()["pid"]
        java_home = Path(os.readlink(f"/proc/{pid}/exe")).parent.parent
        time.sleep(QUIET_SECONDS)
        rss = rss_mb(pid)
        postmaster = int((next(Path(stoa.home).glob("**/postmaster.pid"))).read_text().splitlines()[0])
        children = [
            int(path.name)
            for path in Path("/proc").glob("[0-9]*")
            if parent_of(path) == postmaster
        ]
        postgres = sum(pss_mb(p) for p in [postmaster, *children])
        quiet = cpu_over(pid)
        site = tempfile.mkdtemp()
        Path(site, "Procfile").write_text("web: sleep 1000000\n")
        Path(site, "stoa.toml").write_text("[processes.web]\ninstances = 0\n")
        # The first apps make the platform load what every deploy needs; what the later ones add is theirs.
        deploy(stoa, site, range(WARM_UP))
        heap = live_heap_kb(pid, java_home)
        deploy(stoa, site, range(WARM_UP, WARM_UP + APPS))
        time.sleep(5)
        with_apps = cpu_over(pid)
        heap_with_apps = live_heap_kb(pid, java_home)
    table("memory of an idle platform", {"JVM, resident (at most 200)": [rss], "PostgreSQL, proportional (60)": [postgres]}, "M")
    table(f"CPU seconds in {QUIET_SECONDS} s", {"no app": [quiet], f"{APPS} stopped apps": [with_apps]})
    print(f"\nlive heap: {heap} KB with {WARM_UP} stopped apps, {heap_with_apps} KB with {APPS} more:"
          f" {(heap_with_apps - heap) / APPS:.1f} KB each (at most 5)")
    ratio([rss], [postgres])


def parent_of(path):
    try:
        return int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, ValueError):
        return 0


def deploy(stoa, site, numbers):
    for number in numbers:
        stoa.run("deploy", site, "-a", f"app-{number}")


def cpu_over(pid):
    before = cpu_seconds(pid)
    time.sleep(QUIET_SECONDS)
    return cpu_seconds(pid) - before


main()
