#!/usr/bin/env python3
"""A fake of a container engine's API, as far as getting one image goes: serves a docker archive
that a real tool made, from a unix socket.

engine_fake.py --socket PATH --archive FILE --name NAME --log FILE
"""

import argparse
import os
import socketserver
import urllib.parse

from serving import Handler, Log, die_with_parent

parser = argparse.ArgumentParser()
for option in ("--socket", "--archive", "--name", "--log"):
    parser.add_argument(option, required=True)
options = parser.parse_args()


class Engine(Handler):
    log = Log(options.log)

    def address_string(self) -> str:
        return "unix"

    def do_GET(self) -> None:
        self.note()
        path = urllib.parse.unquote(self.path)
        if path == f"/images/{options.name}/json":
            self.answer(200, b"{}")
        elif path == f"/images/{options.name}/get":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with open(options.archive, "rb") as archive:
                while data := archive.read(50_000):
                    self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.answer(404, b'{"message":"no such image"}')


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


die_with_parent()
if os.path.exists(options.socket):
    os.unlink(options.socket)
server = Server(options.socket, Engine)
print("listening on 127.0.0.1:0", flush=True)
server.serve_forever()
