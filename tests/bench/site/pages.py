"""Serve any number of contacts, companies and deals: the sandbox's, renumbered.

A process of its own: ``python -m tests.bench.site.pages PORT DATABASE [WORKSPACES]``.
It passes requests on to a small sandbox inside, with so many more workspaces of Notion,
except for their lists: those are made from ten recorded pages at the cost of joining
strings, so that what is measured is the reader and not the server.
``POST /bench`` sets how many and how late, and how many contacts change just now.
"""

import json
import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.serving.app import App
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.bench.site import workspaces
from tests.bench.site.book import (
    BATCH,
    FIRST_IDS,
    LIST,
    ONE,
    PAGE,
    RECORDED,
    SEARCH,
    Book,
)
from tests.bench.support.figures import busiest
from tests.sandbox.wsgi_client import Client

# The version that other libraries ask for, and what they ask of it beside their rows.
THEIRS = re.compile(r"(/hubspot/crm)/v3/(objects|properties)/contacts")
OURS = r"\1/\2/2026-09/contacts"
ASKED = ("limit", "after", "properties")
# HubSpot's limit counts calls in so many.
SECONDS = 10.0
ALL_PAGES = PAGE * RECORDED + 400
FEW = {"companies": 60, "deals": 60}


class Handler(BaseHTTPRequestHandler):
    """Speak HTTP/1.1 with connections that stay open."""

    protocol_version = "HTTP/1.1"
    book: Book

    def do_GET(self) -> None:
        """Answer a page of contacts, or what the sandbox says."""
        self._answer()

    def do_POST(self) -> None:
        """Answer the same way."""
        self._answer()

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        book = self.book
        if THEIRS.match(self.path):
            self.path = _asked_by_others(self.path)
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path == "/bench":
            self._send(200, self._control(body), "application/json")
            return
        headers = dict(self.headers.items())
        query = dict(parse_qsl(parts.query))
        with book.lock:
            # Search and the token endpoint are exempt from the limit.
            if not parts.path.endswith("/search") and "/oauth/" not in parts.path:
                book.arrivals.append(time.monotonic())
            book.calls[f"{self.command} {parts.path}"] += 1
        time.sleep(book.latency)
        listed, searched = LIST.fullmatch(parts.path), SEARCH.fullmatch(parts.path)
        if listed and listed[1] in book.sizes and query.get("archived") != "true":
            self._send(200, book.page(parts.path, query, headers), "application/json")
            return
        if searched and searched[1] in book.sizes:
            found = json.dumps(book.search(searched[1], body)).encode()
            self._send(200, found, "application/json")
            return
        if ONE.fullmatch(parts.path) or BATCH.fullmatch(parts.path):
            answer = book.translated(self.command, self.path, body, headers)
        else:
            answer = book.forward(self.command, self.path, body, headers)
        self._send(
            answer.status,
            answer.body,
            answer.headers.get("Content-Type", "text/plain"),
            Location=answer.headers.get("Location", ""),
        )

    def _control(self, body: bytes) -> bytes:
        """Take orders, and answer what was called since the last ones."""
        book, order = self.book, json.loads(body or b"{}")
        with book.lock:
            told = {
                "calls": book.calls,
                "limited": len(book.arrivals),
                "busiest": busiest(book.arrivals, SECONDS),
                "arrivals": book.arrivals,
                "repeated": sum(count - 1 for count in book.asked.values()),
            }
            answer = json.dumps(told).encode()
            book.sizes |= {name: order[name] for name in FIRST_IDS if name in order}
            if "changed" in order:
                book.changed, book.changed_at = order["changed"], datetime.now(UTC)
            book.latency = order.get("latency_ms", book.latency * 1000) / 1000
            book.calls, book.arrivals, book.asked = Counter(), [], Counter()
        return answer

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Bench", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value]
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        # One write, so that no half of it waits for an acknowledgement.
        self.wfile.write("\r\n".join(lines).encode() + body)


def _asked_by_others(url: str) -> str:
    """Return our address of what another library asks for: contacts alone."""
    parts = urlsplit(THEIRS.sub(OURS, url))
    asked = parse_qs(parts.query)
    # Some repeat the name for each property.
    query = {name: ",".join(asked[name]) for name in ASKED if name in asked}
    return f"{parts.path}?{urlencode(query)}" if query else parts.path


def main(port: int, database: Path, more_workspaces: int = 0, of_all: int = 0) -> None:
    """Seed the small sandbox and serve; ``of_all`` if not only contacts are many."""
    workspaces.add(more_workspaces)
    config = Config.from_environ()
    many = dict.fromkeys(FIRST_IDS if of_all else ("contacts",), ALL_PAGES)
    sizes = {**FEW, **many}
    sandbox = Sandbox(Storage(database), config=config, providers=PROVIDERS)
    sandbox.seed(Plan(seed=7, sizes=sizes))
    client = Client(App(sandbox), clock=time.time)
    client.command("switches/set", name="rate_limits", value=False)
    client.command("switches/set", name="index_lag", value=0)
    # So few that a list can name them: its pages carry all that is stored.
    client.command("switches/set", provider="hubspot", name="properties", value=40)
    Handler.book = Book(client)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
