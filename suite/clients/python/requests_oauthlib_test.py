#!/usr/bin/python3
"""Debian's requests-oauthlib against both token services; exit 77 where it is not installed."""
import json
import os
import sys
import unittest
import urllib.parse

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the fake's plain port, on loopback
try:
    from oauthlib.oauth2 import BackendApplicationClient, MissingTokenTypeError
    from oauthlib.oauth2 import InvalidClientError, TokenExpiredError
    from requests_oauthlib import OAuth2Session
except ImportError:
    print("skipped: python3-requests-oauthlib is not installed")
    sys.exit(77)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake as fakes  # noqa: E402


def setUpModule():
    global fake
    fake = fakes.Fake()


def tearDownModule():
    status = fake.close()
    if status:
        raise RuntimeError(f"the fake ended with {status}")


class ClientCredentials(unittest.TestCase):
    def session(self, secret=None):
        self.world = fake.world()
        session = OAuth2Session(client=BackendApplicationClient(self.world.app_id))
        self.addCleanup(session.close)
        session.fetch_token(
            f"{self.world.base}/oauth2/token", include_client_id=True,
            client_secret=secret or self.world.app_secret, instance_id=self.world.instance_id)
        return session

    def test_the_token_opens_the_api(self):
        session = self.session()
        self.assertEqual(session.token["expires_in"], 14400)
        answer = session.get(f"{self.world.base}/apps/v1/instance")
        self.assertEqual(answer.json()["instance"]["instanceId"], self.world.instance_id)

    def test_its_end_is_known(self):
        session = self.session()
        session.token = {**session.token, "expires_in": -1, "expires_at": 1}
        with self.assertRaises(TokenExpiredError):
            session.get(f"{self.world.base}/apps/v1/instance")

    def test_a_wrong_secret_is_invalid_client(self):
        with self.assertRaises(InvalidClientError):
            self.session(secret="wrong")


def as_json(request):
    """requests-oauthlib sends forms; Wix's custom authentication takes JSON."""
    fields = dict(urllib.parse.parse_qsl(request.body))
    request.headers["Content-Type"] = "application/json"
    request.prepare_body(json.dumps(fields), None)
    return request


class CustomAuthentication(unittest.TestCase):
    def setUp(self):
        self.world = fake.world()
        self.callback = self.world.install(state="s")["callback_url"]
        self.session = OAuth2Session(self.world.app_id, state="s")
        self.addCleanup(self.session.close)

    def fetch(self):
        return self.session.fetch_token(
            f"{self.world.base}/oauth/access", auth=as_json, include_client_id=True,
            client_secret=self.world.app_secret,
            authorization_response=self.callback.replace("https://", "http://"))

    def test_a_code_and_a_refresh_as_json(self):
        token = self.fetch()
        self.assertNotIn("expires_at", token)
        self.world.advance(301)
        url = f"{self.world.base}/apps/v1/instance"
        self.assertEqual(self.session.get(url).status_code, 401)
        again = self.session.refresh_token(
            f"{self.world.base}/oauth/access", auth=as_json, client_id=self.world.app_id,
            client_secret=self.world.app_secret)
        self.assertEqual(again["refresh_token"], token["refresh_token"])
        self.assertEqual(self.session.get(url).status_code, 200)

    def test_where_it_is_strict_it_refuses_the_answer(self):
        os.environ["OAUTHLIB_STRICT_TOKEN_TYPE"] = "1"
        self.addCleanup(os.environ.pop, "OAUTHLIB_STRICT_TOKEN_TYPE")
        with self.assertRaises(MissingTokenTypeError):
            self.fetch()


unittest.main()
