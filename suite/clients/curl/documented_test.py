#!/usr/bin/env python3
"""The curl lines that Wix's public pages print, run as they stand: same host, same headers, same
body. curl's own configuration leads the host to the fake, over TLS.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))
import fake as fakes  # noqa: E402

WORLD = json.loads((fakes.repository() / "fixtures/config/default.json").read_text())
PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")


def setUpModule():
    global fake, folder
    folder = tempfile.TemporaryDirectory()
    fake = fakes.Fake("--tls-listen", "127.0.0.1:0", "--ca-dir", folder.name)
    address = fake.ready["https"].removeprefix("https://")
    pathlib.Path(folder.name, ".curlrc").write_text(
        f'connect-to = "::{address}"\ncacert = "{fake.ready["ca"]}"\n'
        'silent\nshow-error\nmax-time = 20\nwrite-out = "\\n%{http_code}"\n')


def tearDownModule():
    folder.cleanup()
    status = fake.close()
    if status:
        raise RuntimeError(f"the fake ended with {status}")


def run(line, **values):
    """The status and the body of a printed line; values stand for its <PLACEHOLDERS>."""
    for name, value in values.items():
        line = line.replace(f"<{name}>", value)
    missing = re.findall(r"<[A-Z_]+>", line)
    assert not missing, missing
    env = {name: value for name, value in os.environ.items() if name not in PROXIES}
    # curl looks for .curlrc in CURL_HOME first.
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False,
                          env={**env, "CURL_HOME": folder.name})
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


APP = {"APP_ID": WORLD["apps"][0]["app_id"], "APP_SECRET_KEY": WORLD["apps"][0]["app_secret"],
       "APP_INSTANCE_ID": WORLD["instances"][0]["instance_id"],
       "INSTANCE_ID": WORLD["instances"][0]["instance_id"]}

CREATE = """curl -X POST 'https://www.wixapis.com/oauth2/token' -H 'Content-Type: application/json' -d '{
"grant_type": "client_credentials",
"client_id": "<APP_ID>",
"client_secret": "<APP_SECRET_KEY>",
"instance_id": "<APP_INSTANCE_ID>"
}'"""

REQUEST = r"""curl -X POST \
'https://www.wixapis.com/oauth/access' \
-H 'Content-Type: application/json' \
-d '{
"grant_type": "authorization_code",
"client_id": "<APP_ID>",
"client_secret": "<APP_SECRET_KEY>",
"code": "<AUTH_CODE>"
}'"""

REFRESH = r"""curl -X POST \
'https://www.wixapis.com/oauth/access' \
-H 'Content-Type: application/json' \
-d '{
"grant_type": "refresh_token",
"client_id": "<APP_ID>",
"client_secret": "<APP_SECRET_KEY>",
"refresh_token": "<REFRESH_TOKEN>"
}'"""

TOKEN_INFO = r"""curl -X POST \
'https://www.wixapis.com/oauth2/token-info' \
-d '{
"token": "<TOKEN>"
}'"""

INSTANCE = r"""curl -X GET \
https://www.wixapis.com/apps/v1/instance \
-H 'Authorization: <AUTH>'"""

FINISHED = r"""curl -X POST \
 https://www.wixapis.com/apps/v1/bi-event \
 -H 'Authorization: <AUTH>' \
 -d '{
    "eventName": "APP_FINISHED_CONFIGURATION"
  }'"""

LOADED = r"""curl -X POST \
https://www.wixapis.com/apps/v1/bi-event \
-H 'Authorization: <AUTH>' \
-d '{
"eventName": "APP_DASHBOARD_LOADED",
}'"""

PRODUCTS = r"""curl -X POST \
'https://www.wixapis.com/stores/v1/products/query' \
--data-binary '{}' \
-H 'Content-Type: application/json' \
-H 'Authorization: <AUTH>'"""

VISITOR = """curl --location 'https://www.wixapis.com/oauth2/token' \\
--header 'Content-Type: application/json' \\
--data '{
"clientId": "<CLIENT_ID>",
"grantType": "anonymous"
}'"""

VISITOR_FORM = """curl --location 'https://www.wixapis.com/oauth2/token' \\
--header 'Content-Type: application/x-www-form-urlencoded' \\
--data-urlencode 'client_id=<CLIENT_ID>' \\
--data-urlencode 'grant_type=anonymous'"""


class OAuth(unittest.TestCase):
    def token(self):
        status, answer = run(CREATE, **APP)
        self.assertEqual(status, 200)
        return answer["access_token"]

    def test_create_access_token(self):
        """rest/app-management/oauth-2/create-access-token"""
        status, answer = run(CREATE, **APP)
        self.assertEqual(status, 200)
        self.assertEqual(list(answer), ["access_token", "token_type", "expires_in"])
        self.assertEqual((answer["token_type"], answer["expires_in"]), ("Bearer", 14400))

    def test_token_info_without_a_content_type(self):
        """rest/app-management/oauth-2/token-info: curl then says that the JSON is a form."""
        status, answer = run(TOKEN_INFO, TOKEN=self.token())
        self.assertEqual(status, 200)
        self.assertEqual(answer["clientId"], APP["APP_ID"])
        self.assertEqual(answer["instanceId"], APP["INSTANCE_ID"])

    def test_get_app_instance(self):
        """rest/app-management/app-instance/get-app-instance"""
        status, answer = run(INSTANCE, AUTH=self.token())
        self.assertEqual((status, list(answer)), (200, ["instance", "site"]))

    def test_finish_the_setup_without_a_content_type(self):
        """the page "Authentication" of Wix's REST documentation"""
        self.assertEqual(run(FINISHED, AUTH=self.token()), (200, {}))

    def test_send_bi_event_with_its_trailing_comma(self):
        """rest/app-management/bi-event/send-bi-event: whether Wix takes that comma is not known,
        and the fake does not (docs/FIDELITY.md)."""
        status, answer = run(LOADED, AUTH=self.token())
        self.assertEqual((status, list(answer)), (400, ["message", "details"]))

    def test_query_products(self):
        """build-apps/develop-your-app/access/authentication/authenticate-using-oauth"""
        status, answer = run(PRODUCTS, AUTH=self.token())
        self.assertEqual(status, 200)
        self.assertIn("products", answer)

    def test_visitor_tokens_as_json_and_as_a_form(self):
        """go-headless/coding/rest-api/visitors-and-members/handle-visitors"""
        for line in (VISITOR, VISITOR_FORM):
            status, answer = run(line, CLIENT_ID=APP["APP_ID"])
            self.assertEqual(status, 200)
            self.assertEqual(list(answer),
                             ["access_token", "token_type", "expires_in", "refresh_token"])


class CustomAuthentication(unittest.TestCase):
    def exchange(self):
        code = fakes.call(f"{fake.http}/_fakewix/installs", "POST", {
            "app_id": APP["APP_ID"], "site_id": WORLD["sites"][0]["site_id"]})["code"]
        return run(REQUEST, AUTH_CODE=code, **APP)

    def test_request_an_access_token(self):
        """rest/app-management/oauth-2/request-an-access-token"""
        status, answer = self.exchange()
        self.assertEqual((status, set(answer)), (200, {"access_token", "refresh_token"}))

    def test_refresh_an_access_token(self):
        """rest/app-management/oauth-2/refresh-an-access-token: with and without the slash"""
        _, first = self.exchange()
        for line in (REFRESH, REFRESH.replace("/oauth/access'", "/oauth/access/'")):
            status, answer = run(line, REFRESH_TOKEN=first["refresh_token"], **APP)
            self.assertEqual((status, set(answer)), (200, {"access_token", "refresh_token"}))
            self.assertEqual(answer["refresh_token"], first["refresh_token"])
            self.assertNotEqual(answer["access_token"], first["access_token"])
            status, _ = run(INSTANCE, AUTH=answer["access_token"])
            self.assertEqual(status, 200)


unittest.main()
