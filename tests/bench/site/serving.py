"""Answer JSON in a provider's place: a server of threads, late by so much.

Its handlers ask for no consent and check nothing. Limits are the reader's to keep, so
they tell at ``/bench`` when calls came, by what the limit is for.
"""

import json
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class JsonHandler(BaseHTTPRequestHandler):
    """Speak HTTP/1.1 with connections that stay open."""

    protocol_version = "HTTP/1.1"
    latency = 0.0
    arrivals: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()

    def do_GET(self) -> None:
        """Answer after a while."""
        self._reply({})

    def do_POST(self) -> None:
        """Answer what is asked in a body, if it is JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_json = "json" in self.headers.get("Content-Type", "")
        self._reply(json.loads(body) if is_json else {})

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def answer(self, path: str, query: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return what an address says."""
        raise NotImplementedError

    def limited(self, path: str) -> str:
        """Return what the limit of a call is for."""
        return "all"

    def _reply(self, asked: dict[str, Any]) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/bench":
            self._send(self.arrivals)
            return
        if "oauth" not in parts.path:
            with self.lock:
                self.arrivals[self.limited(parts.path)].append(time.monotonic())
        time.sleep(self.latency)
        self._send(self.answer(parts.path, parts.query, asked))

    def _send(self, told: object) -> None:
        body = json.dumps(told).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        # One write, so that no half of it waits for an acknowledgement.
        self.wfile.write(head.encode() + body)


def serve(handler: type[JsonHandler]) -> None:
    """Serve at the port that the command line names first, for ever."""
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler)
    server.daemon_threads = True
    server.serve_forever()
