"""The peer glewlwyd, set up as its administrator would: the database that its package brings, then
its own API for a scope, a plugin that signs, and a client.

What would be measured in its place is left out, in its favour: its database is in memory, where
writing one does not wait for a disk, and the client has a secret, not a password, which would be
hashed 150,000 times for each token. It is unpacked, not installed: no service of the system starts,
and nothing outside the bench's folders changes.
"""
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

MEMORY = "/dev/shm"
SCOPE, PLUGIN = "bench", "oidc"
TARGET = f"/api/{PLUGIN}/token"
# The administrator that the package's database begins with.
ADMIN = {"username": "admin", "password": "password"}


class Glewlwyd:
    """Where its parts are, and a database for each start of it."""

    def __init__(self, peers):
        self.root = peers / "glewlwyd"
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.kept = tempfile.TemporaryDirectory(dir=memory)  # until the bench ends
        self.folder = pathlib.Path(self.kept.name)
        self.program = self.root / "usr" / "bin" / "glewlwyd"
        libraries = ":".join(str(path.parent) for path in
                             (self.root / "usr" / "lib").glob("*/libulfius.so.*"))
        self.env = os.environ | {"LD_LIBRARY_PATH": libraries}
        self.made = self.folder / "made.db"
        self.middleware = self.folder / "middleware"  # it wants a folder; the package has none
        self.middleware.mkdir()

    def installed(self):
        """The files that are there: some of its web pages are links to other packages' files."""
        lib, share = self.root / "usr" / "lib", self.root / "usr" / "share" / "glewlwyd"
        libraries = (path for path in lib.glob("*/*.so.*") if not path.is_symlink())
        return [self.program, lib / "glewlwyd", *libraries,
                *(path for path in share.rglob("*") if path.is_file())]

    def command(self, port, database=None):
        config, mine = self.folder / f"{port}.conf", self.folder / f"{port}.db"
        modules = self.root / "usr" / "lib" / "glewlwyd"
        if database is None:
            shutil.copy(self.made, mine)
        settings = {
            "port": port, "bind_address": "127.0.0.1",
            "external_url": f"http://localhost:{port}", "login_url": "login.html",
            "api_prefix": "api", "log_mode": "console", "log_level": "NONE",
            "cookie_domain": "localhost", "session_key": "GLEWLWYD2_SESSION_ID",
            "static_files_path": str(self.root / "usr/share/glewlwyd/webapp"),
            "admin_scope": "g_admin", "profile_scope": "g_profile", "hash_algorithm": "SHA512",
            "user_module_path": str(modules / "user"),
            "user_middleware_module_path": str(self.middleware),
            "client_module_path": str(modules / "client"),
            "user_auth_scheme_module_path": str(modules / "scheme"),
            "plugin_module_path": str(modules / "plugin")}
        config.write_text(
            "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()) +
            f'database = {{ type = "sqlite3" path = "{database or mine}" }};\n')
        return [str(self.program), "-c", str(config)]

    def make(self, start, client, secret):
        """Fill the database that each start copies. `start` runs it once, to be told the rest: it
        gives a process that listens."""
        schema = self.root / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
        with contextlib.closing(sqlite3.connect(self.made)) as database:
            database.executescript(gzip.decompress(schema.read_bytes()).decode())
        key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True,
                             check=True).stdout
        public = subprocess.run(["openssl", "rsa", "-pubout"], input=key, capture_output=True,
                                text=True, check=True).stdout
        process = start()
        try:
            self.tell(process, plugin_row(key, public, process.port), client, secret)
        finally:
            process.stop()

    @staticmethod
    def tell(process, plugin, client, secret):
        cookie = {}

        def ask(method, path, body):
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
            connection.request(method, "/api" + path, json.dumps(body),
                               {"Content-Type": "application/json"} | cookie)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"glewlwyd: {method} {path}: {answer.status} {text[:200]!r}")
            return answer
        login = ask("POST", "/auth/", ADMIN)
        cookie["Cookie"] = login.headers["Set-Cookie"].partition(";")[0]
        ask("POST", "/scope/", {"name": SCOPE, "display_name": SCOPE, "description": SCOPE,
                                "password_required": False, "scheme": {}})
        ask("POST", "/mod/plugin/", plugin)
        ask("POST", "/client/", {
            "client_id": client, "name": client, "client_secret": secret, "confidential": True,
            "enabled": True, "scope": [SCOPE], "authorization_type": ["client_credentials"],
            "token_endpoint_auth_method": ["client_secret_post"], "redirect_uri": []})


def plugin_row(key, public, port):
    return {"module": "oidc", "name": PLUGIN, "display_name": PLUGIN, "order_rank": 0,
            "parameters": {
                "iss": f"http://localhost:{port}", "jwt-type": "rsa", "jwt-key-size": "256",
                "key": key, "cert": public, "access-token-duration": 3600,
                "refresh-token-duration": 1209600, "code-duration": 600,
                "refresh-token-rolling": True, "allow-non-oidc": True,
                "auth-type-client-enabled": True, "auth-type-code-enabled": False,
                "auth-type-token-enabled": False, "auth-type-id-token-enabled": True,
                "auth-type-none-enabled": False, "auth-type-password-enabled": False,
                "auth-type-refresh-enabled": False, "secret-type": "pairwise",
                "subject-type": "public"}}
