#!/usr/bin/env python3
"""What scripts/bench measures; prints one table.

usage: bench.py DIRECTORY-OF-THE-PROGRAMS DIRECTORY-OF-THE-TESTS [SECONDS-PER-LOAD]
"""
import atexit
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFIG = json.loads((ROOT / "fixtures" / "config" / "default.json").read_text())
BODY = json.dumps({"grant_type": "client_credentials", "client_id": CONFIG["apps"][0]["app_id"],
                   "client_secret": CONFIG["apps"][0]["app_secret"],
                   "instance_id": CONFIG["instances"][0]["instance_id"]})
HEAD = ("POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: %d\r\n\r\n" % len(BODY))
REQUEST = (HEAD + BODY).encode()
STARTS, SEQUENTIAL, ROUNDS = 20, 200, 3
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def stand_by(pipe):
    """Read of what starts ("+PID") and ends ("-PID") until whoever tells it is gone; end the rest."""
    left = set()
    for line in pipe:
        (left.add if line[0] == "+" else left.discard)(int(line[1:]))
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(-pid if os.getpgid(pid) == pid else pid, signal.SIGTERM)


class Running(dict):
    """What was started and not stopped yet, by its process: it ends with this program, however that
    ends. A killed one cannot see to that, so a child of its own does."""

    def __init__(self):
        super().__init__()
        read_end, write_end = os.pipe()
        if os.fork() == 0:
            os.close(write_end)
            os.setsid()  # what ends the others is not for it
            stand_by(os.fdopen(read_end))
            os._exit(0)
        os.close(read_end)
        self.heir = write_end

    def __setitem__(self, pid, process):
        os.write(self.heir, b"+%d\n" % pid)
        super().__setitem__(pid, process)

    def pop(self, pid, *default):
        os.write(self.heir, b"-%d\n" % pid)
        return super().pop(pid, *default)


RUNNING = Running()


def end_all():
    for process in list(RUNNING.values()):
        with contextlib.suppress(OSError):  # one that ended by itself keeps none from its end
            process.stop()


atexit.register(end_all)
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: sys.exit(128 + number))


def ask(connection, request=REQUEST):
    """One answer, whole: head and body."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    assert head.startswith(b"HTTP/1.1 200"), answer
    return head + b"\r\n\r\n" + body


class Server:
    """A program that prints where it listens as soon as it does."""

    def __init__(self, *command):
        read_end, write_end = os.pipe()
        self.began = time.perf_counter()
        quiet = os.open(os.devnull, os.O_WRONLY)
        self.pid = os.posix_spawn(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_DUP2, write_end, 1), (os.POSIX_SPAWN_DUP2, quiet, 2),
            (os.POSIX_SPAWN_CLOSE, read_end)])
        os.close(quiet)
        os.close(write_end)
        RUNNING[self.pid] = self
        with os.fdopen(read_end, "rb", 0) as out:
            self.port = int(re.search(rb"(\d+)(\D|$)", out.readline().split(b"127.0.0.1:")[-1])[1])
        self.listens_ms = self.age_ms()

    def age_ms(self):
        return (time.perf_counter() - self.began) * 1000

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def rss_mb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def cpu_us(self):
        """Of the process and its children: nginx works in one."""
        total = 0
        for pid in [self.pid, *map(int, subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(self.pid)], capture_output=True,
                text=True).stdout.split())]:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total * TICK_US

    def stop(self):
        began = time.perf_counter()
        RUNNING.pop(self.pid, None)
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        return (time.perf_counter() - began) * 1000


def measure_starts(fakewix):
    """Medians: first answer, first token, 200 tokens, memory, stop."""
    rows = {"health": [], "token": [], "tokens": [], "rss": [], "stop": []}
    health = b"GET /_fakewix/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for i in range(STARTS):
        for kind, request in (("health", health), ("token", REQUEST)):
            fake = Server(fakewix, "serve", "--quiet", "--listen", "127.0.0.1:0")
            connection = fake.connect()
            ask(connection, request)
            rows[kind].append(fake.age_ms())
            if kind == "health":
                rows["rss"].append(fake.rss_mb())
            else:
                began = time.perf_counter()
                for _ in range(SEQUENTIAL):
                    ask(connection)
                rows["tokens"].append((time.perf_counter() - began) * 1000)
            connection.close()
            rows["stop"].append(fake.stop())
    return {kind: statistics.median(values) for kind, values in rows.items()}


def nginx_config(folder, answer, port):
    """nginx with the same body, one worker."""
    body = answer.partition(b"\r\n\r\n")[2].decode().replace("'", "\\'")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (
        f"daemon off; worker_processes 1; error_log {folder}/error.log;"
        "events { worker_connections 1024; } http { access_log off; keepalive_requests 100000000;"
        f"{temporary} server {{ listen 127.0.0.1:{port}; location / {{ default_type "
        f"application/json; add_header Cache-Control no-store; return 200 '{body}'; }} }} }}")


def start_nginx(folder, answer):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(f"pid {folder}/pid;" + nginx_config(folder, answer, port))
    # nginx says nothing when it listens: `sh` tells the port, and the first connection waits for it.
    nginx = Server("/bin/sh", "-c", f"echo {port}; exec nginx -c {config}")
    deadline = time.monotonic() + 10
    while True:
        try:
            nginx.connect().close()
            return nginx
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise


def load(server, script, seconds):
    before = server.cpu_us()
    out = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", "-s", str(script),
                          f"http://127.0.0.1:{server.port}/oauth2/token"],
                         capture_output=True, text=True, check=True).stdout
    return read_wrk(out, server.cpu_us() - before)


def read_wrk(out, cpu_us):
    """What wrk printed, and the server's CPU over the same time, as one row."""
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}

    def percentile(name):
        value, of = re.search(rf"{name}%\s+([\d.]+)(us|ms|s)", out).groups()
        return float(value) * unit[of]
    n = int(re.search(r"(\d+) requests in", out)[1])
    return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "p50": percentile(50),
            "p99": percentile(99), "cpu": cpu_us / n}


def measure_loads(fakewix, bare, folder, seconds):
    script = folder / "token.lua"
    script.write_text('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                      f"wrk.body = '{BODY}'\n")
    fake = Server(fakewix, "serve", "--quiet", "--listen", "127.0.0.1:0")
    answer = ask(fake.connect())
    fixed = folder / "answer"
    fixed.write_bytes(answer)
    servers = {"fakewix": fake, "bare CivetWeb": Server(bare, str(fixed)),
               "nginx": start_nginx(folder, answer)}
    runs = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            runs[name].append(load(server, script, seconds))
    rss = fake.rss_mb()
    for server in servers.values():
        server.stop()
    medians = {name: {key: statistics.median(run[key] for run in rows) for key in rows[0]}
               for name, rows in runs.items()}
    return medians, rss


def main():
    programs, tests = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    fakewix = str((programs / "fakewix").resolve())
    starts = measure_starts(fakewix)
    with tempfile.TemporaryDirectory() as folder:
        loads, rss = measure_loads(fakewix, str((tests / "bench_bare").resolve()),
                                   pathlib.Path(folder), seconds)
    rows = [("exec to first answer, median of 20", "%.1f ms" % starts["health"], "<= 10 ms"),
            ("exec to first token, median of 20", "%.1f ms" % starts["token"], "<= 8 ms"),
            ("200 tokens one after the other", "%.1f ms" % starts["tokens"], "<= 15 ms"),
            ("SIGTERM to exit, median of 40", "%.1f ms" % starts["stop"], "<= 100 ms"),
            ("resident memory, idle", "%.1f MB" % starts["rss"], "<= 12 MB"),
            ("resident memory, after the loads", "%.1f MB" % rss, "")]
    for name, row in loads.items():
        rows.append((f"{name}: tokens/s, 16 connections", "%.0f" % row["rps"], ""))
        rows.append((f"{name}: p50, p99, CPU per request",
                     "%.2f ms, %.2f ms, %.1f us" % (row["p50"], row["p99"], row["cpu"]),
                     "p99 <= 2 ms" if name == "fakewix" else ""))
    ratio = loads["fakewix"]["rps"] / loads["bare CivetWeb"]["rps"]
    rows.append(("fakewix beside bare CivetWeb", "%.2f" % ratio, ">= 0.40"))
    for name, value, wanted in rows:
        print(f"{name:44} {value:>28}   {wanted}".rstrip())


if __name__ == "__main__":
    main()
