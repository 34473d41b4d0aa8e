"""Fakes for the tests in this folder: started on free ports, stopped with the test."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
FAKEWIX = str(BIN / "fakewix")
CONFIG = pathlib.Path(__file__).parents[3] / "fixtures" / "config" / "default.json"
DEFAULT = json.loads(CONFIG.read_text())
APP = DEFAULT["apps"][0]
# A sanitizer keeps what was freed, costs time, and makes an archive of libfakewix.
SANITIZED = any(name in pathlib.Path(FAKEWIX).read_bytes()
                for name in (b"__asan_init", b"__tsan_init"))
# Bounds of time are multiplied by this: an instrumented fake is slow (CMakeLists.txt).
PATIENCE = int(os.environ.get("FAKEWIX_PATIENCE", "1"))
INSTANCE = DEFAULT["instances"][0]
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]  # the tests themselves ask on loopback, where no proxy reaches
WIX_HOSTS = ["www.wixapis.com", "edge.wixapis.com", "www.wix.com", "wix.com", "manage.wix.com",
             "users.wix.com", "dev.wix.com"]
TRUST = ["NODE_EXTRA_CA_CERTS", "DENO_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
         "REQUESTS_CA_BUNDLE", "PERL_LWP_SSL_CA_FILE", "GIT_SSL_CAINFO", "JAVA_TOOL_OPTIONS",
         "PHP_INI_SCAN_DIR"]
TOKEN_REQUEST = json.dumps({"grant_type": "client_credentials", "client_id": APP["app_id"],
                            "client_secret": APP["app_secret"],
                            "instance_id": INSTANCE["instance_id"]})


def environment(**changes):
    """This process's environment without what would get in the way; None removes a variable."""
    left_out = {*TRUST, *changes, "LD_PRELOAD"}
    env = {k: v for k, v in os.environ.items()
           if k not in left_out and not k.startswith("FAKEWIX_")}
    env.update((k, str(v)) for k, v in changes.items() if v is not None)
    return env


class Case(unittest.TestCase):
    """A test with a folder of its own, and fakes that end with it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def start(self, *options):
        """Start `fakewix serve`; gives the ready line."""
        process = subprocess.Popen(
            [FAKEWIX, "serve", "--quiet", "--ca-dir", str(self.folder / "ca"), "--stop-with-stdin",
             *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())

        def end():
            process.terminate()
            process.communicate(timeout=30 * PATIENCE)
        self.addCleanup(end)
        line = process.stdout.readline()
        self.assertTrue(line, "the fake did not start")
        return json.loads(line)
