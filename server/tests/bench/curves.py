#!/usr/bin/env python3
"""What scripts/bench --curves measures: how the cost of a token grows, and a scenario's; tables.

usage: curves.py DIRECTORY-OF-THE-PROGRAMS DIRECTORY-OF-THE-TESTS [SECONDS]

The servers of one curve run side by side and are loaded in turn, round after round.
"""
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

import bench
import peers

WORLDS = (1, 10, 100, 1000)
INSTANCES = (10, 100, 1000, 10000, 100000)
IN_A_FILE = 25000
CONNECTIONS = (1, 10, 100, 1000)
JOURNALS = (100, 10000, 100000)
JOBS = (1, 4)
# The parts of the URL and the body that change from request to request are lines of a file.
IN_TURN = """local lines, n = {{}}, 0
for line in io.lines("{}") do lines[#lines + 1] = line end
request = function()
    n = n % #lines + 1
    local path, body = lines[n]:match("^(%S+) (.*)$")
    return wrk.format(nil, path, nil, body)
end
"""


def fake(programs, name, *options):
    fakewix = str((programs / "fakewix").resolve())
    return peers.Kind(name, lambda port: [fakewix, "serve", "--quiet", "--listen",
                                          f"127.0.0.1:{port}", *options], speed="fast")


def make_request(app_id, secret, instance):
    return json.dumps({"grant_type": "client_credentials", "client_id": app_id,
                       "client_secret": secret, "instance_id": instance})


def in_turn(folder, name, lines):
    path = folder / f"{name}.lines"
    path.write_text("".join(f"{target} {body}\n" for target, body in lines))
    return IN_TURN.format(path)


def make_worlds(process, n):
    """Path and body of a token request for each of n worlds; the default one is the first."""
    lines = [("/oauth2/token", bench.BODY)]
    for _ in range(n - 1):
        request = urllib.request.Request(
            f"http://127.0.0.1:{process.port}/_fakewix/worlds", data=b"{}",
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            world = json.load(answer)
        lines.append((world["prefix"] + "/oauth2/token", make_request(
            world["app_id"], world["app_secret"], world["instance_id"])))
    return lines


def make_instances(folder, n):
    """The --config options for n instances of the default app, and the requests for them."""
    app, site = bench.CONFIG["apps"][0], bench.CONFIG["sites"][0]
    ids = [str(uuid.UUID(int=(i << 80) | (4 << 76) | (8 << 60) | i)) for i in range(1, n + 1)]
    configs = [{"apps": [app], "sites": [site]}]
    # One file would be longer than the fake reads; several add up.
    configs += [{"instances": [{"instance_id": instance, "app_id": app["app_id"],
                                "site_id": site["site_id"]} for instance in ids[at:at + IN_A_FILE]]}
                for at in range(0, n, IN_A_FILE)]
    options = []
    for i, config in enumerate(configs):
        path = folder / f"instances-{n}-{i}.json"
        path.write_text(json.dumps(config))
        options += ["--config", str(path)]
    return options, [("/oauth2/token", make_request(app["app_id"], app["app_secret"], instance))
                     for instance in ids]


def start(kind, request=None):
    if request:
        kind.ask = (kind.ask[0], request)
    process = peers.Process(kind)
    process.first_answer().close()
    return process


def measure(title, points, folder, seconds):
    """points: label, process, connections. One table row each."""
    runs = {label: [] for label, _, _ in points}
    try:
        for _ in range(peers.ROUNDS):
            for label, process, connections in points:
                script = process.kind.wrk_script(folder)
                runs[label].append(peers.load(process, script, seconds, connections))
        memory = {label: process.rss_mb() for label, process, _ in points}
    finally:
        for process in {process.pid: process for _, process, _ in points}.values():
            process.stop()
    print(f"\n| {title} | req/s | p50, ms | p99, ms | CPU, µs/req | memory after, MB |")
    print("|--:|--:|--:|--:|--:|--:|")
    for label, _, _ in points:
        row = {key: statistics.median(run[key] for run in runs[label]) for key in runs[label][0]}
        print(f"| {label} | {row['rps']:,.0f} | {row['p50']:.2f} | {row['p99']:.2f} "
              f"| {row['cpu']:.1f} | {memory[label]:.1f} |", flush=True)


def measure_worlds(programs, folder, seconds):
    points = []
    for n in WORLDS:
        kind = fake(programs, f"worlds-{n}")
        process = start(kind)
        kind.script = in_turn(folder, kind.name, make_worlds(process, n))
        points.append((f"{n:,}", process, 16))
    measure("worlds", points, folder, seconds)


def measure_instances(programs, folder, seconds):
    points, first = [], []
    for n in INSTANCES:
        options, lines = make_instances(folder, n)
        kind = fake(programs, f"instances-{n}", *options)
        kind.script = in_turn(folder, kind.name, lines)
        process = start(kind, lines[0][1])
        first.append(f"{n:,}: {process.first_ms:.0f} ms")
        points.append((f"{n:,}", process, 16))
    measure("instances", points, folder, seconds)
    print("\nFirst token after exec, config read: " + ", ".join(first) + ".")


def measure_connections(programs, folder, seconds):
    process = start(fake(programs, "connections", "--workers", "1024"))
    points = [(f"{n:,}", process, n) for n in CONNECTIONS]
    measure("connections", points, folder, seconds)


def measure_journal(programs, folder, seconds):
    """Ten thousand exchanges are there in less than a second, so each is full but for a blink."""
    points = [(f"{n:,}", start(fake(programs, f"journal-{n}", "--journal", str(n))), 16)
              for n in JOURNALS]
    measure("journal keeps", points, folder, seconds)


class Judge:
    """One run of the judge, which ends the fake it started when it is ended itself."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        bench.RUNNING[self.process.pid] = self

    def wait(self):
        assert self.process.wait() == 0, "the reference client failed"
        bench.RUNNING.pop(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure_judge(programs):
    """The whole catalogue on the reference client."""
    judge = str((programs / "fakewix-conform").resolve())
    client = shlex.quote(str((programs / "fakewix-reference-client").resolve()))
    listed = subprocess.run([judge, "list", "--json"], capture_output=True, text=True, check=True)
    n = len(json.loads(listed.stdout)["scenarios"])
    print("\n| judge, whole catalogue | scenarios | whole run, s | ms per scenario |")
    print("|---|--:|--:|--:|")
    for jobs in JOBS:
        took = []
        for _ in range(peers.ROUNDS):
            began = time.perf_counter()
            Judge(judge, "run", "--quiet", "--jobs", str(jobs), "--command", client).wait()
            took.append(time.perf_counter() - began)
        whole = statistics.median(took)
        print(f"| `--jobs {jobs}` | {n} | {whole:.1f} | {whole * 1000 / n:.0f} |", flush=True)


def main():
    programs = pathlib.Path(sys.argv[1])
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in (measure_worlds, measure_instances, measure_connections, measure_journal):
            part(programs, folder, seconds)
    measure_judge(programs)


if __name__ == "__main__":
    main()
