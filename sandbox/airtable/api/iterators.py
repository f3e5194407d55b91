"""Page through a snapshot of order and membership, while it lasts."""

from collections.abc import Sequence

from sandbox.airtable.api.errors import BAD_OFFSET, ITERATOR_GONE, refuse
from sandbox.airtable.seed.accounts import SLUG
from sandbox.airtable.values import LENGTH, is_id, make_id
from sandbox.core.state import Sandbox


def start(
    sandbox: Sandbox, table: str, account: str, ids: Sequence[str], size: int
) -> tuple[Sequence[str], str]:
    """Return the first page of ids, and the offset of the next one if there is one."""
    if len(ids) <= size:
        return ids, ""
    name, now = make_id("itr"), sandbox.clock()
    oldest = now - sandbox.switches.get(SLUG, "iterator_seconds", account)
    sandbox.storage.run("DELETE FROM airtable_iterator WHERE used_at <= ?", oldest)
    row = (name, table, now, "".join(ids))
    sandbox.storage.run("INSERT INTO airtable_iterator VALUES (?, ?, ?, ?)", *row)
    return ids[:size], f"{name}/{ids[size]}"


def go_on(
    sandbox: Sandbox, table: str, account: str, offset: str, size: int
) -> tuple[Sequence[str], str]:
    """Return the page an offset names, and the offset of the next one."""
    name, _, record = offset.partition("/")
    if not (is_id("itr", name) and is_id("rec", record)):
        raise refuse(BAD_OFFSET)
    row = sandbox.storage.one("SELECT * FROM airtable_iterator WHERE id = ?", name)
    life = sandbox.switches.get(SLUG, "iterator_seconds", account)
    now = sandbox.clock()
    if row is None or now - row["used_at"] >= life:
        raise refuse(ITERATOR_GONE)
    position, odd = divmod(row["ids"].find(record), LENGTH)
    if row["table_id"] != table or odd or position < 0:
        raise refuse(BAD_OFFSET)
    dies_on = sandbox.switches.get(SLUG, "iterator_dies_on_page", account)
    is_last = position // size + 1 == dies_on
    # A listing that dies was used for the last time long ago.
    sql = "UPDATE airtable_iterator SET used_at = ? WHERE id = ?"
    sandbox.storage.run(sql, 0 if is_last else now, name)
    if is_last:
        raise refuse(ITERATOR_GONE)
    rest = row["ids"][position * LENGTH : (position + size + 1) * LENGTH]
    page = [rest[at : at + LENGTH] for at in range(0, len(rest), LENGTH)]
    following = f"{name}/{page[size]}" if len(page) > size else ""
    return page[:size], following
