#!/usr/bin/env python3
"""A Wix client on Python's standard library, through the exec contract of docs/CLIENT-CONTRACT.md.

Exit 0: all calls succeeded; 1: one did not; 77: asked for what it cannot do. It keeps its token
until the token's end, and gets a new one when the API says 401.
"""
import hmac
import json
import os
import secrets
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

env = os.environ


def send(url, body=None, headers=()):
    """The status and the text of an answer, whatever the status."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


class Client:
    # Custom authentication does not say how long its access tokens live: five minutes.
    DEFAULT_LIFETIME_S = 300

    def __init__(self):
        self.lock = threading.Lock()
        self.refresh_token = env.get("WIX_REFRESH_TOKEN")
        self.token = None
        self.good_until = 0.0

    def new_token(self):
        if self.refresh_token:
            self.fetch("/oauth/access", grant_type="refresh_token", refresh_token=self.refresh_token)
        else:
            self.fetch("/oauth2/token", grant_type="client_credentials",
                       instance_id=env["WIX_INSTANCE_ID"])

    def fetch(self, path, **grant):
        self.token = None
        status, text = send(env["WIX_AUTH_BASE"] + path, {
            "client_id": env["WIX_APP_ID"], "client_secret": env["WIX_APP_SECRET"], **grant})
        if status != 200:
            raise RuntimeError(f"the token service answered {status}")  # its text may quote us
        answer = json.loads(text)
        token = answer.get("access_token")
        if not token:
            raise RuntimeError("the token service sent no access token")
        self.token = token
        self.refresh_token = answer.get("refresh_token") or self.refresh_token
        lifetime = float(answer.get("expires_in", self.DEFAULT_LIFETIME_S))
        self.good_until = time.monotonic() + lifetime - 2

    def access_token(self, refused=None):
        """A good token that is not the refused one; one thread at a time asks for it."""
        with self.lock:
            if not self.token or self.token == refused or time.monotonic() >= self.good_until:
                self.new_token()
            return self.token

    def get(self, path):
        token = self.access_token()
        for last in (False, True):
            status, text = send(env["WIX_API_BASE"] + path, headers={"Authorization": token})
            if status == 200:
                return text
            if status != 401 or last:
                raise RuntimeError(f"the API answered {status}")
            token = self.access_token(refused=token)


def succeeds(client):
    try:
        client.get("/conformance/probe")
        return True
    except (OSError, ValueError, RuntimeError) as problem:
        print(problem, file=sys.stderr)
        return False


def install(client):
    """The app's part in an installation: from the App URL to the exchanged code."""
    state = secrets.token_urlsafe(16)
    query = urllib.parse.urlencode({
        "token": env["CONFORM_TOKEN"], "appId": env["WIX_APP_ID"],
        "redirectUrl": env["WIX_REDIRECT_URL"], "state": state})
    print(f"{env['WIX_INSTALL_BASE']}/installer/install?{query}", flush=True)
    callback = urllib.parse.urlsplit(sys.stdin.readline().strip())
    got = {name: values[0] for name, values in urllib.parse.parse_qs(callback.query).items()}
    if not hmac.compare_digest(got.get("state", ""), state):
        raise RuntimeError("the callback is not the answer to this installation")
    if "code" not in got:
        raise RuntimeError("the callback has no code")
    client.fetch("/oauth/access", grant_type="authorization_code", code=got["code"])


def main():
    if env["CONFORM_OP"] not in ("api", "install"):
        return 77
    client = Client()
    if env["CONFORM_OP"] == "install":
        try:
            install(client)
        except (OSError, ValueError, RuntimeError) as problem:
            print(problem, file=sys.stderr)
            return 1
    with ThreadPoolExecutor(int(env.get("CONFORM_PARALLEL", "1"))) as pool:
        answers = list(pool.map(lambda _: succeeds(client), range(int(env["CONFORM_CALLS"]))))
    return 0 if all(answers) else 1


sys.exit(main())
