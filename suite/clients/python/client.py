#!/usr/bin/env python3
"""A Wix client on Python's standard library, through the exec contract of docs/CLIENT-CONTRACT.md.

Exit 0: all calls succeeded; 1: one did not; 77: asked for what it cannot do. It keeps its token
until the token's end, and gets a new one when the API says 401.
"""
import json
import os
import sys
import threading
import time
import urllib.error
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
        body = {"client_id": env["WIX_APP_ID"], "client_secret": env["WIX_APP_SECRET"]}
        if self.refresh_token:
            path = "/oauth/access"
            body |= {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        else:
            path = "/oauth2/token"
            body |= {"grant_type": "client_credentials", "instance_id": env["WIX_INSTANCE_ID"]}
        self.token = None
        status, text = send(env["WIX_AUTH_BASE"] + path, body)
        if status != 200:
            raise RuntimeError(f"the token service answered {status}: {text}")
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


def main():
    if env["CONFORM_OP"] != "api":
        return 77
    client = Client()
    with ThreadPoolExecutor(int(env.get("CONFORM_PARALLEL", "1"))) as pool:
        answers = list(pool.map(lambda _: succeeds(client), range(int(env["CONFORM_CALLS"]))))
    return 0 if all(answers) else 1


sys.exit(main())
