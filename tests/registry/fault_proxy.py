#!/usr/bin/env python3
"""A fault-producing proxy in front of a registry: passes everything on but for the one fault that
it is started with. A second server stands for the storage that blobs are redirected to.

fault_proxy.py --upstream HOST:PORT --log FILE --fault FAULT [--count N]
"""

import argparse
import http.client
import json
import math
import threading
import time
import urllib.parse

from serving import Handler, Log, die_with_parent, serve

FAULTS = {
    "none": "nothing goes wrong",
    "reset": "each answer to a blob is cut by a reset after 300 kB",
    "reset-at-once": "each answer to a blob is cut by a reset after 100 bytes",
    "short-body": "the first answer to each blob ends after half of it",
    "no-ranges": "as reset, but Range is ignored: the whole blob comes, the first two are cut",
    "wrong-range": "as reset, and the rest that is asked for begins elsewhere than it says",
    "flipped-bit": "a bit of each blob is another",
    "flipped-manifest": "a byte of each manifest is another",
    "wrong-manifest-digest": "Docker-Content-Digest is not that of the body",
    "storm": "the first N requests are answered with 429 and Retry-After: 1",
    "storm-forever": "every request but the first is answered with 429",
    "errors": "the first N requests are answered with 502",
    "hang": "the first answer to each blob stops in the middle and stays open",
    "hang-forever": "every answer to a blob does",
    "trickle": "blobs come by a hundred bytes every tenth of a second",
    "redirect": "blobs are redirected to storage that refuses requests with Authorization",
    "redirect-with-token": "as redirect, and the registry itself wants a token",
    "redirect-expiring": "as redirect, cut by resets, and a redirect is good for one request",
    "redirect-challenge": "as redirect, and the storage wants a token of its own service",
    "redirect-loop": "blobs are redirected to themselves",
    "redirect-inside": "blobs are redirected to the address of a metadata service",
    "realm-inside": "the token service is said to be at a private address",
    "endless-pages": "the list of tags never ends",
    "pages-elsewhere": "the next page of the list is on another host",
    "too-long": "Content-Length of blobs is larger than the blob, and more comes",
    "too-short": "Content-Length of blobs is smaller than the blob",
    "endless-manifest": "manifests do not end",
    "expiring-tokens": "a token is good for three requests, and for 300 kB of a blob",
    "denied": "a token gives no rights",
    "narrow-token": "the first token lacks a scope that the answer names",
    "warning": "each answer has a warning",
    "closed-repository": "everything below closed/ is forbidden",
    "head-without-digest": "answers to HEAD do not say the digest",
    "opaque-pages": "lists come one name a page, the next one by a token that says nothing",
    "strange-names": "lists have names besides that nothing can be asked for by",
    "null-tags": "a repository without tags has null for a list",
    "told-limit": "40 manifests may be asked for in 4 seconds, as the answers say; 429 beyond it",
    "paged-referrers": "the referrers API gives what refers to a manifest one a page",
    "slow": "each answer to a blob takes 50 ms",
}

parser = argparse.ArgumentParser()
parser.add_argument("--upstream", required=True)
parser.add_argument("--log", required=True)
parser.add_argument("--fault", choices=FAULTS, required=True)
parser.add_argument("--count", type=int, default=3)
options = parser.parse_args()

CUT = 300_000
state_lock = threading.Lock()
counts: dict[str, int] = {}
tokens: dict[str, int] = {}
window = {"end": 0.0, "used": 0}


def count(key: str) -> int:
    """How often this was asked, this time included."""
    with state_lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]


def upstream(method: str, path: str, headers: dict[str, str]) -> tuple:
    connection = http.client.HTTPConnection(options.upstream, timeout=30)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def passed_on(headers) -> dict[str, str]:
    return {name: value for name, value in headers.items()
            if name.lower() not in ("host", "connection", "authorization")}


class Storage(Handler):
    """As object stores do, it takes one way of authentication, and that is the URL's."""

    log = Log(options.log + ".storage")

    def do_GET(self) -> None:
        self.note(encoding=self.headers.get("Accept-Encoding", ""))
        if options.fault == "redirect-challenge" and "/blobs/" in self.path:
            if self.headers.get("Authorization") != "Bearer of-the-storage":
                self.answer(401, WWW_Authenticate=f'Bearer realm="http://{self.headers["Host"]}'
                                                  '/token",service="storage"')
                return
        elif "Authorization" in self.headers:
            self.answer(400, b"Only one auth mechanism allowed")
            return
        parts = urllib.parse.urlsplit(self.path)
        if parts.path == "/token":
            self.answer(200, b'{"token": "of-the-storage"}')
            return
        if options.fault == "redirect-expiring" and count(self.path) > 1:
            self.answer(403, b"the signature has expired")
            return
        status, headers, body = upstream("GET", parts.path, passed_on(self.headers))
        send_blob(self, status, headers, body, cut=CUT if "expiring" in options.fault else None)


def send_blob(handler: Handler, status: int, headers: dict, body: bytes, cut: int | None) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
            handler.send_header(name, value)
    handler.end_headers()
    if handler.command == "HEAD":
        return
    if cut is not None and cut < len(body):
        handler.wfile.write(body[:cut])
        time.sleep(0.05)  # or the reset overtakes the bytes
        handler.reset()
    else:
        handler.wfile.write(body)


class Proxy(Handler):
    log = Log(options.log)
    storage = ""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.note(encoding=self.headers.get("Accept-Encoding", ""))
        fault = options.fault
        path = urllib.parse.urlsplit(self.path).path
        needs_token = fault in ("expiring-tokens", "denied", "narrow-token", "realm-inside",
                                "redirect-with-token")
        if needs_token and path != "/token" and not self.check_token(fault, path):
            return
        if self.answer_at_once(fault, path):
            return
        headers = passed_on(self.headers)
        if fault == "no-ranges":
            headers.pop("Range", None)
        status, received, body = upstream(self.command, self.path, headers)
        if fault == "told-limit" and "/manifests/" in path and self.command == "GET":
            received |= self.limit
        if fault == "paged-referrers" and "/referrers/" in path and status == 200:
            self.page_of(path, received, body)
            return
        if fault == "head-without-digest" and self.command == "HEAD":
            received = {name: value for name, value in received.items()
                        if name.lower() != "docker-content-digest"}
        if fault == "opaque-pages" and path.endswith(("/tags/list", "/_catalog")):
            self.opaque_page(path, received, body)
            return
        if fault == "strange-names" and path.endswith(("/_catalog", "/tags/list")):
            listed = json.loads(body)
            names = listed["repositories" if "repositories" in listed else "tags"]
            names += ["Team/App", "../up", "a+b"]
            self.answer(200, json.dumps(listed).encode())
            return
        if fault == "null-tags" and path == "/v2/empty/tags/list":
            self.answer(200, b'{"name": "empty", "tags": null}')
            return
        if fault == "warning":
            received["Warning"] = '299 - "this registry closes soon"'
        if "/blobs/" in path and self.command == "GET" and status in (200, 206):
            self.send_faulty_blob(fault, path, status, received, body)
            return
        if "/manifests/" in path and self.command == "GET" and status == 200:
            if fault == "flipped-manifest":
                body = body.replace(b"sha256:", b"sha257:", 1)
            if fault == "wrong-manifest-digest":
                received["Docker-Content-Digest"] = "sha256:" + "0" * 64
        send_blob(self, status, received, body, None)

    def answer_at_once(self, fault: str, path: str) -> bool:
        """Faults that need no upstream; true when this was one."""
        blob = "/blobs/" in path and self.command == "GET"
        if (fault == "told-limit" and "/manifests/" in path and self.command == "GET"
                and not self.within_limit()):
            self.note(refused=True)
            self.answer(429, b"over the limit", Retry_After="4")
        elif fault == "storm" and count("all") <= options.count + 1 and counts["all"] > 1:
            self.answer(429, b"slow down", Retry_After="1")
        elif fault == "storm-forever" and count("all") > 1:
            self.answer(429, b"slow down", Retry_After="1")
        elif fault == "errors" and count("all") <= options.count:
            self.answer(502, b"bad gateway")
        elif fault.startswith("redirect") and blob:
            targets = {"redirect-loop": self.path,
                       "redirect-inside": "http://169.254.169.254/latest/meta-data/"}
            signed = f"http://{self.storage}{path}?X-Signature={count('signatures')}"
            self.answer(307, Location=targets.get(fault, signed))
        elif fault in ("endless-pages", "pages-elsewhere") and path.endswith("/tags/list"):
            page = count("pages")
            link = f"<{path}?n=1&last={page}>; rel=\"next\""
            if fault == "pages-elsewhere":
                link = f"<http://169.254.169.254/v2/more>; rel=\"next\""
            self.answer(200, json.dumps({"tags": [f"t{page}"]}).encode(), Link=link)
        elif fault == "endless-manifest" and "/manifests/" in path:
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b" " * 65536)
        elif fault == "closed-repository" and path.startswith("/v2/closed/"):
            self.answer(403, b'{"errors":[{"code":"DENIED","message":"x"}]}')
        elif path == "/token":
            self.give_token()
        else:
            return False
        return True

    def opaque_page(self, path: str, headers: dict, body: bytes) -> None:
        """As Quay does; Link stands in absolute form."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        at = int(query.get("next_page", ["x0"])[0][1:])
        whole = json.loads(body)
        member = "tags" if "tags" in whole else "repositories"
        names = whole[member] or []
        whole[member] = names[at:at + 1]
        body = json.dumps(whole).encode()
        more = {"Content-Length": str(len(body))}
        if at + 1 < len(names):
            more["Link"] = (f'<http://{self.headers["Host"]}{path}?next_page=x{at + 1}>; '
                            'rel="next"')
        headers = {name: value for name, value in headers.items()
                   if name.lower() not in ("content-length", "link")}
        send_blob(self, 200, headers | more, body, None)

    def page_of(self, path: str, headers: dict, body: bytes) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        at = int(query.get("page", ["0"])[0])
        index = json.loads(body)
        index["manifests"].sort(key=lambda one: one["digest"])  # the registry's order varies
        if at + 1 < len(index["manifests"]):
            headers["Link"] = f'<{path}?page={at + 1}>; rel="next"'
        index["manifests"] = index["manifests"][at:at + 1]
        body = json.dumps(index).encode()
        headers = {name: value for name, value in headers.items() if name != "Content-Length"}
        send_blob(self, 200, headers | {"Content-Length": str(len(body))}, body, None)

    limit: dict[str, str] = {}

    def within_limit(self) -> bool:
        """A window of four seconds begins with the first manifest after the last one's end."""
        with state_lock:
            now = time.monotonic()
            if now >= window["end"]:
                window.update(end=now + 4, used=0)
            window["used"] += 1
            left = 40 - window["used"]
            self.limit = {"RateLimit-Limit": "40;w=4", "RateLimit-Remaining": str(max(0, left)),
                          "RateLimit-Reset": str(math.ceil(window["end"] - now))}
            return left >= 0

    def give_token(self) -> None:
        token = f"t{count('tokens')}"
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        with state_lock:
            tokens[token] = 0
            if "extra:scope:pull" in query.get("scope", []):
                tokens[token] = -1000
        self.answer(200, json.dumps({"access_token": token, "expires_in": 1}).encode())

    def check_token(self, fault: str, path: str) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        realm = f"http://{self.headers['Host']}/token"
        if fault == "realm-inside":
            realm = "http://10.1.2.3/token"
        challenge = f'Negotiate, Bearer realm="{realm}",service="proxy"'
        with state_lock:
            used = tokens.get(given)
            if used is not None:
                tokens[given] = used + 1
        if used is not None and fault == "expiring-tokens" and used >= 3:
            challenge += ',error="invalid_token"'
            used = None
        if used is not None and fault == "denied":
            challenge += ',error="insufficient_scope",scope="repository:app:pull"'
            used = None
        if used is not None and fault == "narrow-token" and used >= 0:
            challenge += ',error="insufficient_scope",scope="extra:scope:pull"'
            used = None
        if used is not None:
            return True
        self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"x"}]}',
                    WWW_Authenticate=challenge)
        return False

    def send_faulty_blob(self, fault: str, path: str, status: int, headers: dict,
                         body: bytes) -> None:
        times = count(path)
        cut = None
        if fault == "slow":
            time.sleep(0.05)
        if fault in ("reset", "expiring-tokens", "wrong-range"):
            cut = CUT
        if fault == "reset-at-once":
            cut = 100
        if fault == "no-ranges" and times <= 2:
            cut = CUT * times
        if fault == "wrong-range" and status == 206:
            headers["Content-Range"] = headers["Content-Range"].replace("bytes ", "bytes 1")
        if fault == "flipped-bit":
            body = body[:-9] + bytes([body[-9] ^ 1]) + body[-8:]
        if fault == "too-long":
            headers["Content-Length"] = str(len(body) + 100_000)
            body += b"x" * 100_000
        if fault == "too-short":
            headers["Content-Length"] = str(len(body) // 2)
            body = body[:len(body) // 2]
        if fault == "short-body" and times == 1:
            send_blob(self, status, headers, body[:len(body) // 2], None)
            self.close_connection = True
            return
        if fault == "hang-forever" or (fault == "hang" and times == 1):
            send_blob(self, status, headers, body[:len(body) // 2], None)
            self.wfile.flush()
            time.sleep(120)
            return
        if fault == "trickle":
            send_blob(self, status, headers, b"", None)
            for at in range(0, len(body), 100):
                self.wfile.write(body[at:at + 100])
                time.sleep(0.1)
            return
        send_blob(self, status, headers, body, cut)


die_with_parent()
storage = serve(Storage, said=False)
threading.Thread(target=storage.serve_forever, daemon=True).start()
Proxy.storage = f"127.0.0.1:{storage.server_address[1]}"
serve(Proxy).serve_forever()
