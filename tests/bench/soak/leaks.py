"""Sweep everything the product wrote for every token the sandbox ever issued."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from redis import Redis

from integrations.providers import SPECS
from tests.real.support.stack import SECRETS, Stack

# The sandbox's own file, log and record of calls hold its tokens, of course.
NOT_OURS = ("sandbox", "calls.jsonl")


def secrets_of(stack: Stack) -> set[bytes]:
    """Return every token and code ever issued, and what the site is keyed with."""
    issued = stack.ask_sandbox("tokens")
    values = [row["value"] for row in (*issued["tokens"], *issued["codes"])]
    values += [f"sandbox-secret-{provider}" for provider in SPECS]
    values += [SECRETS["TOKEN_KEYS"].partition(":")[2]]
    return {value.encode() for value in values}


class Sweep:
    """Know the secrets, and find them in whatever bytes come by.

    All of them are long runs of the same few characters, so a text is cut into such
    runs, and only the ends that a secret could have are looked up.
    """

    def __init__(self, secrets: set[bytes]) -> None:
        self.found: list[str] = []
        self.places = 0
        self.bytes = 0
        self._by_start: dict[bytes, list[bytes]] = {}
        for secret in secrets:
            self._by_start.setdefault(secret[:10], []).append(secret)
        self._starts = re.compile(b"|".join(map(re.escape, self._prefixes())))

    def _prefixes(self) -> set[bytes]:
        """Return what tells a secret apart quickly: the sandbox's mark, else all."""
        return {
            start[:4] if start.startswith(b"sbx-") else start
            for start in self._by_start
        }

    def look(self, place: str, content: bytes) -> None:
        """Note the place if it holds a secret, whole or its first half."""
        self.places += 1
        self.bytes += len(content)
        for match in self._starts.finditer(content):
            at = match.start()
            for secret in self._by_start.get(content[at : at + 10], ()):
                half = max(16, len(secret) // 2)
                if content[at : at + half] == secret[:half]:
                    self.found.append(f"{place} at byte {at}")
                    return


def files_of(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield logs, database files, the broker's file and whatever else was written."""
    for path in sorted(stack.directory.rglob("*")):
        if path.is_file() and not path.name.startswith(NOT_OURS):
            yield str(path.relative_to(stack.directory)), path.read_bytes()


def tables_of(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield every table as text, where the database has no file of its own here."""
    if stack.database_url.startswith("sqlite"):
        return
    with psycopg.connect(stack.database_url) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'public'"
        ).fetchall()
        for (name,) in names:
            copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))
            with connection.cursor().copy(copy) as rows:
                yield f"table {name}", b"".join(bytes(row) for row in rows)


def keys_of(port: int) -> Iterator[tuple[str, bytes]]:
    """Yield every key of every Redis database with its value."""
    for number in range(3):
        redis = Redis(port=port, db=number, socket_timeout=5)
        for key in redis.scan_iter(count=500):
            yield f"redis {number}", key + b"\n" + _value(redis, key)
        redis.close()


def _value(redis: Any, key: bytes) -> bytes:
    kind = redis.type(key)
    if kind == b"string":
        return bytes(redis.get(key) or b"")
    if kind == b"list":
        return b"\n".join(redis.lrange(key, 0, -1))
    if kind == b"hash":
        return b"\n".join(part for pair in redis.hgetall(key).items() for part in pair)
    if kind == b"zset":
        return b"\n".join(redis.zrange(key, 0, -1))
    if kind == b"set":
        return b"\n".join(redis.smembers(key))
    return b""


def sweep(stack: Stack, pages: dict[str, bytes]) -> Sweep:
    """Look everywhere a secret could have been written to."""
    swept = Sweep(secrets_of(stack))
    for place, content in (
        *files_of(stack),
        *tables_of(stack),
        *keys_of(stack.valkey_port),
        *pages.items(),
    ):
        swept.look(place, content)
    return swept


def find_canary(directory: Path, stack: Stack) -> bool:
    """Tell whether the sweep would find a token if there were one in a file."""
    secret = next(s for s in sorted(secrets_of(stack)) if s.startswith(b"sbx"))
    canary = Sweep({secret})
    canary.look("canary", b"x" * 1000 + secret + str(directory).encode())
    return bool(canary.found)
