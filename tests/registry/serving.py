"""What the servers of the tests share: a port of their own, a log of requests, an end with the
test that started them."""

import ctypes
import json
import signal
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Log:
    """A line of JSON a request; of headers, whether they were there and never their values."""

    def __init__(self, path: str):
        self.file = open(path, "w", buffering=1)
        self.lock = threading.Lock()

    def add(self, **members: object) -> None:
        with self.lock:
            self.file.write(json.dumps(members) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log: Log

    def log_message(self, *_: object) -> None:
        pass

    def note(self, **members: object) -> None:
        self.log.add(method=self.command, path=self.path, host=self.headers.get("Host", ""),
                     authorized="Authorization" in self.headers,
                     range=self.headers.get("Range", ""), **members)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reset(self) -> None:
        """Ends the connection the hard way."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        pass  # a client that goes away is what some tests are about


def serve(handler: type, *, said: bool = True) -> Server:
    server = Server(("127.0.0.1", 0), handler)
    if said:
        print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
    return server
