#!/usr/bin/env python3
"""TLS as clients meet it: the authority, the leaf, and the certificates they must refuse.

usage: tls_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request
import warnings

sys.dont_write_bytecode = True
from fakes import (APP, Case, FAKEWIX, PATIENCE, TOKEN_REQUEST, WIX_HOSTS,  # noqa: E402
                   environment)

JSON = {"Content-Type": "application/json"}


def port_of(url):
    return urllib.parse.urlsplit(url).port


def connect(url, ca, name="www.wixapis.com", context=None):
    """A verified TLS connection to the fake under a name of Wix's."""
    context = context or ssl.create_default_context(cafile=ca)
    raw = socket.create_connection(("127.0.0.1", port_of(url)), timeout=10 * PATIENCE)
    try:
        return context.wrap_socket(raw, server_hostname=name)
    except Exception:
        raw.close()
        raise


class Answers(Case):
    REQUESTS = [
        ("POST", "/oauth2/token", TOKEN_REQUEST, JSON),
        ("POST", "/oauth2/token", "{}", JSON),
        ("POST", "/oauth2/token", "grant_type=client_credentials",
         {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", "/oauth/access", json.dumps(
            {"grant_type": "refresh_token", "client_id": APP["app_id"],
             "client_secret": APP["app_secret"], "refresh_token": "x"}), JSON),
        ("GET", "/apps/v1/instance", None, {}),
        ("GET", "/installer/install?appId=x", None, {}),
        ("HEAD", "/oauth2/token", None, {}),
        ("PUT", "/oauth2/token", "{}", JSON),
        ("GET", "/nowhere", None, {}),
    ]

    def collect(self, connection, host):
        answers = []
        for method, path, body, headers in self.REQUESTS:
            connection.request(method, path, body, {"Host": host, **headers})
            answer = connection.getresponse()
            # Date is the machine's, and may tick over in between.
            answers.append((answer.status, [pair for pair in answer.getheaders()
                                            if pair[0] != "Date"], answer.read()))
        connection.close()
        return answers

    def test_are_the_same_bytes_over_http_and_https(self):
        options = ["--seed", "7", "--clock", "2030-01-01T00:00:00Z!",
                   "--listen", "localhost:0", "--tls-listen", "localhost:0"]
        first, second = self.start(*options), self.start(*options)
        plain = http.client.HTTPConnection("127.0.0.1", port_of(first["http"]), timeout=10 * PATIENCE)
        context = ssl.create_default_context(cafile=second["ca"])
        secure = http.client.HTTPSConnection("localhost", port_of(second["https"]),
                                             context=context, timeout=10 * PATIENCE)
        for a, b in zip(self.collect(plain, "www.wixapis.com"),
                        self.collect(secure, "www.wixapis.com")):
            self.assertEqual(a, b)

    def test_a_body_of_many_records_arrives_whole(self):
        ready = self.start("--tls-listen", "localhost:0", "--max-body", "8000000")
        context = ssl.create_default_context(cafile=ready["ca"])
        secure = http.client.HTTPSConnection("localhost", port_of(ready["https"]),
                                             context=context, timeout=30 * PATIENCE)
        secure.request("POST", "/oauth2/token", json.dumps({"padding": "x" * 3_000_000}), JSON)
        self.assertEqual(secure.getresponse().status, 400)
        secure.close()


class Authority(Case):
    def test_is_made_once_and_its_key_is_the_owners_alone(self):
        home = self.folder / "home"
        env = environment(HOME=home, XDG_STATE_HOME=None)
        for _ in range(2):
            out = subprocess.run([FAKEWIX, "ca"], env=env, text=True, capture_output=True,
                                 check=True, umask=0).stdout  # the modes are the fake's own doing
        ca = home / ".local/state/fakewix/fakewix-ca.pem"
        key = ca.with_name("fakewix-ca-key.pem")
        self.assertIn(f"export FAKEWIX_CA='{ca}'", out)
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(ca.parent).st_mode), 0o700)

    def test_is_given_out_by_the_control_plane(self):
        ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        with urllib.request.urlopen(ready["control"] + "/ca", timeout=10 * PATIENCE) as answer:
            self.assertEqual(answer.read(), pathlib.Path(ready["ca"]).read_bytes())
        plain = self.start("--listen", "localhost:0")
        with self.assertRaisesRegex(urllib.error.HTTPError, "404"):
            urllib.request.urlopen(plain["control"] + "/ca", timeout=10 * PATIENCE)

    def test_is_one_for_several_that_start_together(self):
        folder = self.folder / "shared"
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: subprocess.run(
                [FAKEWIX, "ca", "--dir", str(folder)], env=environment(), check=True,
                capture_output=True), range(8)))
        context = ssl.create_default_context(cafile=folder / "fakewix-ca.pem")
        ready = self.start("--ca-dir", str(folder), "--tls-listen", "localhost:0")
        connect(ready["https"], None, context=context).close()

    def test_lines_to_export_are_ones_a_shell_takes(self):
        folder = self.folder / "it's here"
        script = 'eval "$("$0" ca --dir "$1")" && printf "%s\\n" "$FAKEWIX_CA" "$SSL_CERT_FILE"'
        out = subprocess.run(["sh", "-c", script, FAKEWIX, folder], env=environment(), text=True,
                             capture_output=True, check=True).stdout.splitlines()
        self.assertEqual(out, [f"{folder}/fakewix-ca.pem", f"{folder}/fakewix-bundle.pem"])

    def test_joins_what_the_user_trusts_already(self):
        mine = self.folder / "mine.pem"
        mine.write_text("-----BEGIN CERTIFICATE-----\nTUlORQ==\n-----END CERTIFICATE-----")
        env = environment(SSL_CERT_FILE=mine, REQUESTS_CA_BUNDLE=self.folder)
        done = subprocess.run([FAKEWIX, "ca", "--dir", self.folder / "ca"], env=env, text=True,
                              capture_output=True, check=True)
        joined = (self.folder / "ca/joined-SSL_CERT_FILE.pem").read_text()
        ours = (self.folder / "ca/fakewix-ca.pem").read_text()
        self.assertEqual(joined, mine.read_text() + "\n" + ours)
        self.assertIn("REQUESTS_CA_BUNDLE is set to", done.stderr)
        self.assertNotIn("export REQUESTS_CA_BUNDLE", done.stdout)

    @unittest.skipUnless(shutil.which("keytool"), "no keytool on this machine")
    def test_truststore_is_one_that_java_opens(self):
        subprocess.run([FAKEWIX, "ca", "--dir", self.folder], env=environment(), check=True,
                       capture_output=True)
        out = subprocess.run(["keytool", "-list", "-keystore",
                              self.folder / "fakewix-truststore.jks", "-storepass", "changeit"],
                             env=environment(), text=True, capture_output=True).stdout
        self.assertIn("trustedCertEntry", out)

    def make_other(self, name, *extensions):
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9",
                   "-subj", f"/CN={name}", "-out", cert, "-keyout", key]
        for extension in extensions:
            command += ["-addext", extension]
        subprocess.run(command, check=True, capture_output=True)
        return str(cert), str(key)

    def test_may_be_brought(self):
        cert, key = self.make_other("ours")
        ready = self.start("--ca-cert", cert, "--ca-key", key, "--tls-listen", "localhost:0")
        self.assertEqual(ready["ca"], cert)
        connect(ready["https"], cert).close()

    def refuse(self, *options):
        done = subprocess.run([FAKEWIX, "serve", "--listen", "localhost:0", "--tls-listen",
                               "localhost:0", *options], env=environment(HOME=self.folder),
                              text=True, capture_output=True, timeout=20 * PATIENCE)
        self.assertEqual(done.returncode, 2)
        return done.stderr

    def test_that_does_not_fit_is_refused_with_a_reason(self):
        cert, key = self.make_other("one")
        _, other_key = self.make_other("two")
        leaf, leaf_key = self.make_other("leaf", "basicConstraints=critical,CA:FALSE")
        self.assertIn("go together", self.refuse("--ca-cert", cert))
        self.assertIn("is not the one of", self.refuse("--ca-cert", cert, "--ca-key", other_key))
        self.assertIn("not an authority's", self.refuse("--ca-cert", leaf, "--ca-key", leaf_key))
        self.assertIn("no certificate", self.refuse("--ca-cert", key, "--ca-key", key))
        self.assertIn("cannot be read", self.refuse("--ca-cert", "/no", "--ca-key", "/no"))
        self.assertIn("--ca-dir DIR", self.refuse("--ca-dir", "/proc/none"))
        self.assertIn("--tls-bad none", self.refuse("--tls-bad", "none"))
        self.assertIn('did you mean "expired"?', self.refuse("--tls-bad", "expird"))
        self.assertIn("--tls-name", self.refuse("--tls-name", "a,DNS:b"))


class Leaf(Case):
    def test_is_good_for_every_name(self):
        ready = self.start("--tls-listen", "localhost:0", "--tls-name", "fakewix.test")
        for name in [*WIX_HOSTS, "localhost", "127.0.0.1", "::1", socket.gethostname(),
                     "fakewix.test"]:
            with self.subTest(name):
                connect(ready["https"], ready["ca"], name).close()

    def test_is_of_no_use_for_another_name(self):
        ready = self.start("--tls-listen", "localhost:0")
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "not valid for 'example.com'"):
            connect(ready["https"], ready["ca"], "example.com")

    def test_means_nothing_to_who_does_not_trust_the_authority(self):
        ready = self.start("--tls-listen", "localhost:0")
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "unable to get local issuer"):
            connect(ready["https"], None)


BAD = {
    "unknown-ca": "unable to get local issuer|signature failure",
    "expired": "certificate has expired",
    "not-yet-valid": "not yet valid",
    "wrong-host": "Hostname mismatch",
    "self-signed": "self-signed certificate|self signed certificate",
    # Where the protocol itself is not barred, its signatures are.
    "old-protocol": "unsupported protocol|alert protocol version|UNSUPPORTED_PROTOCOL|legacy sigalg",
}


class Bad(Case):
    def bad(self, kind):
        return self.start("--listen", "localhost:0", "--tls-listen", "localhost:0",
                          "--tls-bad", kind)

    def world(self, ready, **wish):
        request = urllib.request.Request(ready["control"] + "/worlds", json.dumps(wish).encode(),
                                         JSON)
        with urllib.request.urlopen(request, timeout=10 * PATIENCE) as answer:
            return json.loads(answer.read())

    def test_each_kind_may_be_one_worlds_alone(self):
        ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        for kind, reason in BAD.items():
            with self.subTest(kind):
                made = self.world(ready, listener=True, tls=kind)
                with self.assertRaisesRegex(ssl.SSLError, reason):
                    connect(made["https"], ready["ca"])
        good = self.world(ready, listener=True)
        for url in ready["https"], good["https"]:
            connect(url, ready["ca"]).close()

    def test_swapped_may_be_one_worlds_alone(self):
        ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        url = self.world(ready, listener=True, tls="swapped")["https"]
        context = ssl.create_default_context(cafile=ready["ca"])
        for _ in range(2):
            connect(url, None, context=context).close()
            with self.assertRaises(ssl.SSLCertVerificationError):
                connect(url, None, context=context)

    def test_swapped_is_counted_by_each_world(self):
        """However worlds take turns, the first connection of each is good, the second is not."""
        ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        context = ssl.create_default_context(cafile=ready["ca"])
        worlds = [self.world(ready, listener=True, tls="swapped")["https"] for _ in range(3)]
        for _ in range(2):
            for url in worlds:
                connect(url, None, context=context).close()
            for url in worlds:
                with self.assertRaises(ssl.SSLCertVerificationError):
                    connect(url, None, context=context)

    def test_old_protocol_of_a_world_serves_who_accepts_it(self):
        ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        url = self.world(ready, listener=True, tls="old-protocol")["https"]
        self.assertEqual(self.connect_old(url, ready["ca"]), "TLSv1.1")

    def test_a_worlds_kind_must_make_sense(self):
        ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        plain = self.start("--listen", "localhost:0")
        for fake, wish in ((ready, {"listener": True, "tls": "none"}), (ready, {"tls": "expired"}),
                           (ready, {"listener": True, "tls": 1}),
                           (plain, {"listener": True, "tls": "expired"})):
            with self.subTest(wish), self.assertRaisesRegex(urllib.error.HTTPError, "400"):
                self.world(fake, **wish)

    def connect_old(self, url, ca):
        context = ssl.create_default_context(cafile=ca)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        with connect(url, None, context=context) as secure:
            return secure.version()

    def journal_len(self, ready):
        plain = http.client.HTTPConnection("127.0.0.1", port_of(ready["http"]), timeout=10 * PATIENCE)
        plain.request("GET", "/_fakewix/journal")
        entries = json.loads(plain.getresponse().read())["entries"]
        plain.close()
        return len(entries)

    def test_each_kind_is_refused_for_its_own_reason(self):
        for kind, reason in BAD.items():
            with self.subTest(kind):
                ready = self.bad(kind)
                with self.assertRaisesRegex(ssl.SSLError, reason):
                    connect(ready["https"], ready["ca"])
                self.assertEqual(self.journal_len(ready), 0)

    @unittest.skipUnless(shutil.which("curl"), "no curl on this machine")
    def test_each_kind_is_refused_by_curl(self):
        for kind in BAD:
            with self.subTest(kind):
                ready = self.bad(kind)
                port = port_of(ready["https"])
                done = subprocess.run(
                    ["curl", "-sS", "--cacert", ready["ca"], "--connect-to",
                     f"www.wixapis.com:443:127.0.0.1:{port}", "https://www.wixapis.com/x"],
                    env=environment(), text=True, capture_output=True, timeout=20 * PATIENCE)
                self.assertIn(done.returncode, (35, 60), done.stderr)

    def test_swapped_shows_a_stranger_on_every_second_connection(self):
        ready = self.bad("swapped")
        context = ssl.create_default_context(cafile=ready["ca"])
        for _ in range(2):
            connect(ready["https"], None, context=context).close()
            with self.assertRaises(ssl.SSLCertVerificationError):
                connect(ready["https"], None, context=context)

    def test_old_protocol_still_serves_who_accepts_it(self):
        ready = self.bad("old-protocol")
        self.assertEqual(self.connect_old(ready["https"], ready["ca"]), "TLSv1.1")


if __name__ == "__main__":
    unittest.main()
