#!/usr/bin/env python3
"""A token service for docker-registry: answers with JSON Web Tokens that it signs (RS256) with a
key made for the run, the certificate in the header ("x5c"). Public repositories are pullable by
all, others by the one user.

token_server.py --key KEY --certificate PEM --user USER --password PASSWORD --public NAME
                --log FILE [--identity] [--field token|access_token]
"""

import argparse
import base64
import json
import subprocess
import time
import urllib.parse

from serving import Handler, Log, die_with_parent, serve

parser = argparse.ArgumentParser()
for option in ("--key", "--certificate", "--user", "--password", "--log"):
    parser.add_argument(option, required=True)
parser.add_argument("--public", default="public/app")
parser.add_argument("--field", default="token")
parser.add_argument("--life", type=int, default=300, help="seconds that a token is good for; "
                    "its answer says 300 all the same")
parser.add_argument("--identity", action="store_true", help="take identity tokens by POST")
options = parser.parse_args()


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: dict) -> str:
    der = "".join(line for line in open(options.certificate).read().splitlines()
                  if not line.startswith("-----"))
    head = {"alg": "RS256", "typ": "JWT", "x5c": [der]}
    text = url64(json.dumps(head).encode()) + "." + url64(json.dumps(claims).encode())
    made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", options.key],
                          input=text.encode(), capture_output=True, check=True)
    return text + "." + url64(made.stdout)


class Tokens(Handler):
    log = Log(options.log)

    def give(self, scopes: list[str], service: str, user: bool) -> None:
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = user or (kind == "repository" and name == options.public)
            if allowed:
                access.append({"type": kind, "name": name,
                               "actions": [a for a in actions.split(",") if a in ("pull", "*")]})
        now = int(time.time())
        token = signed({"iss": "stratascan-tests", "aud": service, "sub": "user" if user else "",
                        "iat": now - 60, "nbf": now - 60,
                        # docker-registry takes a token for 60 seconds after its end.
                        "exp": now + options.life - 60, "jti": str(time.time_ns()),
                        "access": access})
        body = json.dumps({options.field: token, "expires_in": 300}).encode()
        self.answer(200, body, Content_Type="application/json")

    def do_GET(self) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization")
        right = "Basic " + base64.b64encode(
            f"{options.user}:{options.password}".encode()).decode()
        scopes = query.get("scope", [])
        self.log.add(method="GET", scopes=scopes, authorized=given is not None)
        if given is not None and given != right:
            self.answer(401, b"{}")
            return
        self.give(scopes, query.get("service", [""])[0], given is not None)

    def do_POST(self) -> None:
        form = urllib.parse.parse_qs(
            self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        scopes = form.get("scope", [""])[0].split()
        self.log.add(method="POST", scopes=scopes, authorized=False)
        if not options.identity:
            self.answer(404, b"{}")
        elif form.get("refresh_token") != [options.password]:
            self.answer(401, b"{}")
        else:
            self.give(scopes, form.get("service", [""])[0], True)


die_with_parent()
serve(Tokens).serve_forever()
