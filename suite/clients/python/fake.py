"""A fake of one's own for a test in Python, and a world of one's own for a test case."""
import json
import os
import pathlib
import subprocess
import urllib.request

# Bounds of time are multiplied by this: instrumented programs are slow (CMakeLists.txt).
PATIENCE = int(os.environ.get("FAKEWIX_PATIENCE", "1"))
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]  # the tests themselves ask on loopback, where no proxy reaches


def call(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=20 * PATIENCE) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Fake:
    """`fakewix serve` on free ports; close() ends it and tells its exit status."""

    def __init__(self, *options):
        program = os.environ.get("FAKEWIX_BIN", "build/debug/bin/fakewix")
        self.child = subprocess.Popen(
            [program, "serve", "--quiet", "--lint", "off", "--listen", "127.0.0.1:0",
             *options],
            stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.child.stdout.readline())
        self.http = self.ready["http"]

    def close(self):
        self.child.terminate()
        self.child.stdout.close()
        return self.child.wait(timeout=20 * PATIENCE)

    def world(self):
        return World(self.http, call(f"{self.http}/_fakewix/worlds", "POST", {}))


class World:
    def __init__(self, http, made):
        self.base = made["http"]
        self.app_id = made["app_id"]
        self.app_secret = made["app_secret"]
        self.instance_id = made["instance_id"]
        self.site_id = made["site_id"]
        self.control = http + made["control"]

    def call(self, method, path, body=None):
        return call(self.control + path, method, body)

    def install(self, **more):
        return self.call("POST", "/installs",
                         {"app_id": self.app_id, "site_id": self.site_id, **more})

    def advance(self, seconds):
        return self.call("POST", "/clock/advance", {"seconds": seconds})


def repository():
    return pathlib.Path(__file__).resolve().parents[3]
