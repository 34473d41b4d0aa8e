#!/usr/bin/env python3
"""What scripts/bench --peers measures: us, our peers and two ceilings, in one run; one table.

usage: peers.py DIRECTORY-OF-THE-PEERS DIRECTORY-OF-THE-PROGRAMS DIRECTORY-OF-THE-TESTS [SECONDS]

Each peer answers a client-credentials request as its own manual says. The rounds are interleaved:
in each, every server is loaded once, so what else the machine does falls on all of them.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import bench
import glewlwyd

ROUNDS, REST_S = 3, 5
STARTS = {"fast": 10, "slow": 4}
CLIENT, SECRET = "bench-client", "bench-secret"
FORM = ("application/x-www-form-urlencoded",
        f"grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}")
JSON = ("application/json", bench.BODY)
# emulate refuses a bearer's 5,001st request of an hour, and cannot be told not to.
BEARERS = """local n = 0
request = function()
    n = n + 1
    return wrk.format(nil, nil, {["Content-Type"] = wrk.headers["Content-Type"],
        ["Authorization"] = "Bearer bench" .. n % 997})
end
"""


class Kind:
    """One row: how it is started, what it is asked, what is installed."""

    def __init__(self, name, command, target="/oauth2/token", ask=JSON, **rest):
        self.name, self.command, self.target, self.ask = name, command, target, ask
        self.what = rest.get("what", "")
        self.script = rest.get("script", "")
        self.installed = rest.get("installed", [])
        self.tls = rest.get("tls", False)
        self.env = rest.get("env")  # None: this program's own
        self.starts = STARTS[rest.get("speed", "slow")]

    def request(self):
        kind, body = self.ask
        return (f"POST {self.target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()

    def wrk_script(self, folder):
        path = folder / (self.name.replace(" ", "-") + ".lua")
        path.write_text(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{self.ask[0]}"\n'
                        f"wrk.body = '{self.ask[1]}'\n" + self.script)
        return path


class Process:
    """A server on a port chosen for it, in a process group of its own, and in the session of those
    who load it: the scheduler takes turns between sessions, and a test has one."""

    def __init__(self, kind):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.kind = kind
        command = kind.command(self.port)
        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, env=kind.env, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, process_group=0)
        self.pid = self.process.pid
        bench.RUNNING[self.pid] = self

    def first_answer(self):
        """The connection that got the first token: what a client that keeps trying sees."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port))
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ask(connection, self.kind.request())
                self.first_ms = (time.perf_counter() - self.began) * 1000
                return connection
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"{self.kind.name} ended") from None
                time.sleep(0.0005)
        raise RuntimeError(f"{self.kind.name} gave no token within a minute")

    def family(self):
        tree = {}
        for line in subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True,
                                   text=True).stdout.splitlines():
            pid, parent = map(int, line.split())
            tree.setdefault(parent, []).append(pid)
        pids = [self.pid]
        for pid in pids:
            pids += tree.get(pid, [])
        return pids

    def rss_mb(self):
        """Proportional, so that what processes share counts once."""
        kb = 0
        for pid in self.family():
            rows = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            kb += sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
        return kb / 1024

    def cpu_us(self):
        ticks = 0
        for pid in self.family():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks * bench.TICK_US

    def stop(self):
        bench.RUNNING.pop(self.pid, None)
        os.killpg(self.pid, signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()


def ask(connection, request):
    """One whole answer, by its length or its chunks."""
    connection.sendall(request)
    answer = b""
    while True:
        more = connection.recv(65536)
        if not more:
            raise ConnectionResetError("closed in the middle of an answer")
        answer += more
        head, parted, body = answer.partition(b"\r\n\r\n")
        if not parted:
            continue
        if b"chunked" in head.lower():
            if body.endswith(b"0\r\n\r\n"):
                break
            continue
        length = bench.re.search(rb"(?i)content-length: *(\d+)", head)
        if len(body) >= int(length[1]):
            break
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionRefusedError(answer[:200])
    return answer


def load(process, script, seconds, connections=16):
    kind = process.kind
    before = process.cpu_us()
    scheme = "https" if kind.tls else "http"
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                          "--latency", "-s", str(script),
                          f"{scheme}://127.0.0.1:{process.port}{kind.target}"],
                         capture_output=True, text=True, check=True).stdout
    return bench.read_wrk(out, process.cpu_us() - before)


def size_mb(paths):
    out = subprocess.run(["du", "-scbL", *map(str, paths)], capture_output=True, text=True,
                         check=True)
    return int(out.stdout.splitlines()[-1].split()[0]) / 1e6


def our_kinds(programs, folder):
    fakewix = str((programs / "fakewix").resolve())

    def plain(port):
        return [fakewix, "serve", "--quiet", "--listen", f"127.0.0.1:{port}"]

    def over_tls(port):
        return [fakewix, "serve", "--quiet", "--listen", "127.0.0.1:0", "--tls-listen",
                f"127.0.0.1:{port}", "--ca-dir", str(folder / "ca")]
    return (Kind("fakewix", plain, what="signed tokens, journal on", speed="fast",
                 installed=[fakewix]),
            Kind("fakewix over TLS", over_tls, what="TLS 1.3, keep-alive", tls=True))


def make_answer(ours, folder):
    """The answer that the ceilings repeat: a whole one of ours."""
    process = Process(ours)
    connection = process.first_answer()
    answer = ask(connection, ours.request())
    connection.close()
    process.stop()
    (folder / "answer").write_bytes(answer)
    return answer


def nginx_kind(folder, answer):
    def command(port):
        config = folder / f"nginx-{port}.conf"
        config.write_text(bench.nginx_config(folder, answer, port))
        return ["nginx", "-c", str(config), "-g", f"pid {folder}/pid-{port};"]
    return Kind("nginx", command, what="ceiling: fixed body, one worker", speed="fast",
                installed=[shutil.which("nginx")])


def bare_kind(tests, folder):
    bare = str((tests / "bench_bare").resolve())
    return Kind("bare CivetWeb", lambda port: [bare, str(folder / "answer"), str(port)],
                what="ceiling: our listener, fixed answer", speed="fast", installed=[bare])


def wiremock_kind(peers, folder):
    package = peers / "wiremock" / "node_modules" / "wiremock"
    jar = next((package / "build").glob("wiremock-standalone-*.jar"))
    (folder / "wiremock" / "mappings").mkdir(parents=True)
    (folder / "wiremock" / "mappings" / "token.json").write_text(json.dumps({
        "request": {"method": "POST", "url": "/oauth2/token"},
        "response": {"status": 200, "headers": {"Content-Type": "application/json"},
                     "jsonBody": {"access_token": "fixed", "expires_in": 14400}}}))
    return Kind("wiremock", lambda port: [
        "java", "-jar", str(jar), "--port", str(port), "--bind-address", "127.0.0.1",
        "--no-request-journal", "--disable-banner", "--root-dir", str(folder / "wiremock")],
        what="fixed body, no journal", installed=[package])


def mountebank_kind(node, peers, folder):
    package = peers / "mountebank" / "node_modules"

    def command(port):
        stub = {"responses": [{"is": {"headers": {
            "Content-Type": "application/json", "Connection": "keep-alive"}, "body": {
            "access_token": "fixed", "expires_in": 14400}}}]}
        config = folder / f"mountebank-{port}.json"
        config.write_text(json.dumps({"imposters": [
            {"port": port, "protocol": "http", "host": "127.0.0.1", "stubs": [stub]}]}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            admin = free.getsockname()[1]
        return [node, str(package / ".bin" / "mb"), "start", "--configfile", str(config),
                "--nologfile", "--localOnly", "--port", str(admin),
                "--pidfile", str(folder / f"mountebank-{port}.pid")]
    return Kind("mountebank", command, what="fixed body", installed=[package])


def npm_kinds(peers, folder):
    node = str(peers / "node" / "node_modules" / "node" / "bin" / "node")
    mock, oidc, emulate = (peers / name / "node_modules" for name in
                           ("oauth2-mock-server", "oidc-provider", "emulate"))
    here = pathlib.Path(__file__).resolve().parent
    seed = folder / "emulate.json"
    seed.write_text(json.dumps({"linear": {"oauth_apps": [{
        "client_id": CLIENT, "client_secret": SECRET, "name": "Bench", "actor": "app",
        "redirect_uris": ["http://localhost/login"], "scopes": ["read"]}]}}))
    return [
        lambda: Kind("oauth2-mock-server", lambda port: [
            node, str(mock / ".bin" / "oauth2-mock-server"), "-a", "127.0.0.1", "-p", str(port)],
            "/token", FORM, what="RS256, keeps nothing", installed=[mock]),
        lambda: Kind("oidc-provider", lambda port: [
            node, str(here / "oidc_provider.mjs"), str(oidc / "oidc-provider"), str(port), CLIENT,
            SECRET], "/token", FORM, what="opaque, in memory", installed=[oidc]),
        lambda: Kind("emulate", lambda port: [
            node, str(emulate / ".bin" / "emulate"), "start", "-p", str(port), "-s", "linear",
            "--seed", str(seed)], "/oauth/token", FORM, what="Linear's tokens, opaque, in memory",
            script=BEARERS, installed=[emulate]),
        lambda: mountebank_kind(node, peers, folder),
        lambda: wiremock_kind(peers, folder)]


def glewlwyd_kind(peers):
    server = glewlwyd.Glewlwyd(peers)

    def start():
        process = Process(Kind("glewlwyd", lambda port: server.command(port, server.made),
                               env=server.env))
        wait_until_listens(process)
        return process
    server.make(start, CLIENT, SECRET)
    return Kind("glewlwyd", server.command, glewlwyd.TARGET, (FORM[0], FORM[1] + "&scope=" +
                                                              glewlwyd.SCOPE),
                what="RS256, SQLite in memory", installed=server.installed(), env=server.env)


def measure_starts(kind):
    rows = {"first": [], "tokens": [], "idle": []}
    for _ in range(kind.starts):
        process = Process(kind)
        try:
            connection = process.first_answer()
            rows["first"].append(process.first_ms)
            rows["idle"].append(process.rss_mb())
            process.stop()
            process = Process(kind)
            connection = process.first_answer()
            began = time.perf_counter()
            for _ in range(bench.SEQUENTIAL):
                ask(connection, kind.request())
            rows["tokens"].append((time.perf_counter() - began) * 1000)
            connection.close()
        finally:
            process.stop()
    return {name: statistics.median(values) for name, values in rows.items()}


def wait_until_listens(process):
    """For those that cannot be asked for a token: over TLS, or not set up yet."""
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", process.port)) == 0:
                return
        if process.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.kind.name} does not listen")
        time.sleep(0.001)


def rest(processes):
    """Wait until nobody works off an earlier load any more. WireMock's compiler did so for a fifth
    of the second after it, which was the next server's second."""
    deadline = time.monotonic() + REST_S
    while time.monotonic() < deadline:
        before = sum(process.cpu_us() for process in processes)
        time.sleep(0.2)
        if sum(process.cpu_us() for process in processes) - before <= bench.TICK_US:
            return


def measure_loads(kinds, folder, seconds):
    """Medians of the rounds, and memory after the last."""
    processes = {}
    runs = {kind.name: [] for kind in kinds}
    try:
        for kind in kinds:
            processes[kind.name] = Process(kind)
            if kind.tls:
                wait_until_listens(processes[kind.name])
            else:
                processes[kind.name].first_answer().close()
        for _ in range(ROUNDS):
            for kind in kinds:
                rest(processes.values())
                runs[kind.name].append(
                    load(processes[kind.name], kind.wrk_script(folder), seconds))
        after = {name: process.rss_mb() for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.stop()
    return {name: {key: statistics.median(run[key] for run in rows) for key in rows[0]}
            | {"after": after[name]} for name, rows in runs.items()}


def try_kinds(makers):
    """Those that give a token, and why the others are left out."""
    kinds, left_out = [], []
    for make in makers:
        try:
            kind = make()
            process = Process(kind)
            try:
                process.first_answer().close()
            finally:
                process.stop()
            kinds.append(kind)
        except (OSError, StopIteration, RuntimeError) as error:
            left_out.append(f"One is left out: {error!r}")
    return kinds, left_out


def print_table(rows, kinds):
    print("| server | what | first token, ms | 200 tokens, ms | idle → after load, MB | req/s "
          "| p50, ms | p99, ms | CPU, µs/req | size, MB |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for kind in kinds:
        row = rows[kind.name]
        size = "%.1f" % size_mb(kind.installed) if kind.installed else ""
        first, tokens, idle = ("%.1f" % row[key] if key in row else ""
                               for key in ("first", "tokens", "idle"))
        print(f"| {kind.name} | {kind.what} | {first} | {tokens} | {idle} → {row['after']:.1f} "
              f"| {row['rps']:,.0f} | {row['p50']:.2f} | {row['p99']:.2f} | {row['cpu']:.1f} "
              f"| {size} |")


def main():
    peers, programs, tests = (pathlib.Path(path) for path in sys.argv[1:4])
    seconds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours, tls = our_kinds(programs, folder)
        answer = make_answer(ours, folder)
        makers = [lambda: nginx_kind(folder, answer), lambda: bare_kind(tests, folder),
                  lambda: glewlwyd_kind(peers.resolve()),
                  *npm_kinds(peers.resolve(), folder)]
        others, left_out = try_kinds(makers)
        kinds = [ours, tls, *others]
        starts = {kind.name: {} if kind.tls else measure_starts(kind) for kind in kinds}
        loads = measure_loads(kinds, folder, seconds)
    print_table({kind.name: starts[kind.name] | loads[kind.name] for kind in kinds}, kinds)
    for line in left_out:
        print("\n" + line)


if __name__ == "__main__":
    main()
