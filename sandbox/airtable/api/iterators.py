"""Page through a snapshot of order and membership, while it lasts."""

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.airtable.api.errors import ITERATOR_GONE, ApiRefusal, invalid, refuse
from sandbox.airtable.seed.accounts import SLUG
from sandbox.airtable.values import LENGTH, is_id, make_id

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def start(
    sandbox: "Sandbox", table: str, account: str, ids: Sequence[str], size: int
) -> tuple[Sequence[str], str]:
    """Return the first page of ids, and the offset of the next one if there is one."""
    if len(ids) <= size:
        return ids, ""
    name, now = make_id("itr"), sandbox.clock()
    with sandbox.storage.write() as connection:
        _forget_old(connection, now - _get_life(sandbox, account))
        connection.execute(
            "INSERT INTO airtable_iterator VALUES (?, ?, ?, ?)",
            (name, table, now, "".join(ids)),
        )
    return ids[:size], f"{name}/{ids[size]}"


def go_on(
    sandbox: "Sandbox", table: str, account: str, offset: str, size: int
) -> tuple[Sequence[str], str]:
    """Return the page an offset names, and the offset of the next one."""
    name, _, record = offset.partition("/")
    if not (is_id("itr", name) and is_id("rec", record)):
        raise _malformed()
    row = sandbox.storage.one("SELECT * FROM airtable_iterator WHERE id = ?", name)
    now = sandbox.clock()
    if row is None or now - row["used_at"] >= _get_life(sandbox, account):
        raise refuse(422, ITERATOR_GONE)
    position, rest = divmod(row["ids"].find(record), LENGTH)
    if row["table_id"] != table or rest or position < 0:
        raise _malformed()
    _die_when_told(sandbox, account, name, position // size + 1)
    with sandbox.storage.write() as connection:
        connection.execute(
            "UPDATE airtable_iterator SET used_at = ? WHERE id = ?", (now, name)
        )
    return _cut(name, row["ids"], position, size)


def _cut(name: str, ids: str, position: int, size: int) -> tuple[Sequence[str], str]:
    ends = [(position + number) * LENGTH for number in range(size + 1)]
    page = [ids[at : at + LENGTH] for at in ends if at < len(ids)]
    following = f"{name}/{page[size]}" if len(page) > size else ""
    return page[:size], following


def _die_when_told(sandbox: "Sandbox", account: str, name: str, page: int) -> None:
    if page == sandbox.switches.get(SLUG, "iterator_dies_on_page", account):
        with sandbox.storage.write() as connection:
            connection.execute("DELETE FROM airtable_iterator WHERE id = ?", (name,))
        raise refuse(422, ITERATOR_GONE)


def _get_life(sandbox: "Sandbox", account: str) -> float:
    return float(sandbox.switches.get(SLUG, "iterator_seconds", account))


def _forget_old(connection: sqlite3.Connection, before: float) -> None:
    connection.execute("DELETE FROM airtable_iterator WHERE used_at <= ?", (before,))


def _malformed() -> ApiRefusal:
    return invalid("The offset is malformed", "INVALID_OFFSET_VALUE")
