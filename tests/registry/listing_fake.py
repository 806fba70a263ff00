#!/usr/bin/env python3
"""A fake of the services that list repositories: answers of two pages each, in the form that the
services' documentation shows. Requests without the expected Authorization get 401 where the
service wants one.

listing_fake.py --log FILE --password PASSWORD
"""

import argparse
import base64
import json
import urllib.parse

from serving import Handler, Log, die_with_parent, serve

parser = argparse.ArgumentParser()
parser.add_argument("--log", required=True)
parser.add_argument("--password", required=True)
options = parser.parse_args()


class Services(Handler):
    log = Log(options.log)

    def give(self, value: object, **headers: str) -> None:
        self.answer(200, json.dumps(value).encode(), Content_Type="application/json", **headers)

    def allowed(self, kind: str) -> bool:
        right = {"Bearer": options.password,
                 "Basic": base64.b64encode(f"somebody:{options.password}".encode()).decode()}[kind]
        if self.headers.get("Authorization") == f"{kind} {right}":
            return True
        self.answer(401, b'{"message": "Requires authentication"}')
        return False

    def link(self, **values: str) -> str:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query)) | values
        return f'<{parts.path}?{urllib.parse.urlencode(query)}>; rel="next", <{parts.path}>; rel="last"'

    def do_POST(self) -> None:  # Amazon ECR
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        # In place of a check of the signature, which only Amazon's keys allow: the parts that it
        # is made of are there, and the signature's own test holds it against Amazon's example.
        authorization = self.headers.get("Authorization", "")
        self.note(target=self.headers.get("X-Amz-Target", ""), body=body,
                  session="X-Amz-Security-Token" in self.headers,
                  scope=authorization.partition("/")[2].partition(",")[0],
                  signed=authorization.partition("SignedHeaders=")[2].partition(",")[0])
        if not authorization.startswith("AWS4-HMAC-SHA256 Credential="):
            self.answer(400, b'{"__type": "MissingAuthenticationTokenException"}')
        elif "nextToken" not in body and not self.log_throttled():
            self.answer(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}')
        else:
            name = "team/two" if body.get("nextToken") == "abc+/=" else "one"
            repository = {
                "repositoryArn": f"arn:aws:ecr:eu-west-1:123456789012:repository/{name}",
                "registryId": "123456789012", "repositoryName": name,
                "repositoryUri": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}",
                "createdAt": 1563223656.0, "imageTagMutability": "MUTABLE",
                "imageScanningConfiguration": {"scanOnPush": False}}
            more = {} if "nextToken" in body else {"nextToken": "abc+/="}
            self.give({"repositories": [repository]} | more)

    throttled = False

    def log_throttled(self) -> bool:
        """False the first time."""
        before, Services.throttled = Services.throttled, True
        return before

    def do_GET(self) -> None:
        self.note()
        parts = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(parts.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        origin = f"http://{self.headers['Host']}"
        second = "page" in query and query["page"] == "2"
        if path == "/v2/namespaces/team/repositories":  # Docker Hub
            repository = {"name": "two" if second else "one", "namespace": "team",
                          "repository_type": "image", "status": 1, "is_private": False,
                          "star_count": 0, "pull_count": 12}
            following = f"{origin}{parts.path}?page=2&page_size=100"
            self.give({"count": 2, "next": None if second else following, "previous": None,
                       "results": [repository]})
        elif path == "/api/v2.0/repositories":  # Harbor
            if self.allowed("Basic"):
                repository = {"id": 1, "name": "library/two" if second else "library/one",
                              "artifact_count": 1, "project_id": 1, "pull_count": 0}
                headers = {} if second else {"Link": self.link(page="2")}
                self.give([repository], X_Total_Count="2", **headers)
        elif path == "/orgs/team/packages":  # GitHub
            if self.allowed("Bearer"):
                package = {"id": 1, "name": "nested/two" if second else "one",
                           "package_type": "container", "owner": {"login": "Team", "id": 1},
                           "version_count": 1, "visibility": "private"}
                headers = {} if second else {"Link": self.link(page="2")}
                self.give([package], **headers)
        elif path == "/v1/projects/project/locations/us/repositories/images/packages":  # Google
            base = "projects/project/locations/us/repositories/images/packages/"
            if query.get("pageToken") == "a+b/c=":
                self.give({"packages": [{"name": base + "nested%2Ftwo"}]})
            else:
                self.give({"packages": [{"name": base + "one", "createTime": "2024-01-01T00:00:00Z"}],
                           "nextPageToken": "a+b/c="})
        elif path == "/api/v1/repository" and query.get("namespace") == "team":  # Quay
            if query.get("next_page") == "gAAA=":
                self.give({"repositories": [{"namespace": "team", "name": "two",
                                             "is_public": True, "kind": "image"}]})
            else:
                self.give({"repositories": [{"namespace": "team", "name": "one",
                                             "is_public": True, "kind": "image"}],
                           "next_page": "gAAA="})
        elif path == "/api/v4/groups/team/sub/registry/repositories":  # GitLab
            if self.allowed("Bearer"):
                name = "two" if second else "one"
                repository = {"id": 1, "name": "", "path": f"team/sub/{name}", "project_id": 9,
                              "location": f"registry.example/team/sub/{name}"}
                headers = {} if second else {"Link": self.link(page="2")}
                self.give([repository], **headers)
        elif path == "/acr/v1/_catalog":  # Azure
            if query.get("last") == "one":
                self.give({"repositories": ["two"]})
            else:
                self.give({"repositories": ["one"]}, Link=self.link(last="one"))
        elif path == "/v2/_catalog":
            self.give({"repositories": ["one", "two"]})
        elif path == "/v2/":
            self.answer(200)
        elif path == "/v2/namespaces/elsewhere/repositories":
            self.give({"next": "http://169.254.169.254/", "results": []})
        else:
            self.answer(404, b"{}")


die_with_parent()
serve(Services).serve_forever()
