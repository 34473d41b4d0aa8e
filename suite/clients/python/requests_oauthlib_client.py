#!/usr/bin/python3
"""Debian's requests-oauthlib through the exec contract of docs/CLIENT-CONTRACT.md, as its pages show
it: one session, a new token when the library says that the old one has expired.

Exit 0: all calls succeeded; 1: one did not; 77: asked for what it cannot do.
"""
import json
import os
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

env = os.environ
env["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the fake's plain port, on loopback
try:
    from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error, TokenExpiredError
    from requests import RequestException
    from requests_oauthlib import OAuth2Session
except ImportError:
    sys.exit(77)


def as_json(request):
    """It sends forms; Wix's custom authentication takes JSON."""
    fields = dict(urllib.parse.parse_qsl(request.body))
    request.headers["Content-Type"] = "application/json"
    request.prepare_body(json.dumps(fields), None)
    return request


class Client:
    def __init__(self):
        self.lock = threading.Lock()
        self.legacy = env.get("WIX_REFRESH_TOKEN")
        self.session = OAuth2Session(env["WIX_APP_ID"]) if self.legacy else \
            OAuth2Session(client=BackendApplicationClient(env["WIX_APP_ID"]))

    def new_token(self):
        if self.legacy:
            self.session.refresh_token(
                f"{env['WIX_AUTH_BASE']}/oauth/access", auth=as_json, client_id=env["WIX_APP_ID"],
                client_secret=env["WIX_APP_SECRET"],
                refresh_token=self.session.token.get("refresh_token", self.legacy))
        else:
            self.session.fetch_token(
                f"{env['WIX_AUTH_BASE']}/oauth2/token", include_client_id=True,
                client_secret=env["WIX_APP_SECRET"], instance_id=env["WIX_INSTANCE_ID"])

    def probe(self):
        with self.lock:
            if not self.session.token:
                self.new_token()
        url = f"{env['WIX_API_BASE']}/conformance/probe"
        try:
            answer = self.session.get(url, timeout=20)
        except TokenExpiredError:
            with self.lock:
                self.new_token()
            answer = self.session.get(url, timeout=20)
        answer.raise_for_status()


def succeeds(client):
    try:
        client.probe()
        return True
    except (OAuth2Error, RequestException, ValueError) as problem:
        print(type(problem).__name__, file=sys.stderr)
        return False


def main():
    if env["CONFORM_OP"] != "api":
        return 77
    client = Client()
    with ThreadPoolExecutor(int(env.get("CONFORM_PARALLEL", "1"))) as pool:
        answers = list(pool.map(lambda _: succeeds(client), range(int(env["CONFORM_CALLS"]))))
    return 0 if all(answers) else 1


sys.exit(main())
