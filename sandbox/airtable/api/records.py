"""List the records of a table, by snapshots of their order."""

import json
from collections.abc import Sequence
from typing import Any

from sandbox.airtable.api.access import admit
from sandbox.airtable.api.errors import BAD_OFFSET, ITERATOR_GONE, NO_MODEL, refuse
from sandbox.airtable.api.options import Options, read_options
from sandbox.airtable.api.render import make_render
from sandbox.airtable.seed.accounts import RECORDS_READ, SLUG
from sandbox.airtable.values import LENGTH, is_id, list_tables, make_id, pick
from sandbox.core.serving.web import Request, Response, to_json
from sandbox.core.state import Sandbox


def list_records(sandbox: Sandbox, request: Request) -> Response:
    admit(sandbox, request, RECORDS_READ, is_metered=True)
    tables = list_tables(sandbox.storage, request.params["base"])
    table = pick(tables, request.params["table"])
    if table is None:
        raise refuse(NO_MODEL)
    options = read_options(request.query)
    life = sandbox.switches.get(SLUG, "iterator_seconds", request.account)
    read = _go_on if options.offset else _start
    ids, following = read(sandbox, table["id"], options, life)
    render = make_render(sandbox, request, table, by_id=options.by_id)
    # As they are now; one deleted meanwhile is left out.
    rows = sandbox.storage.all(
        "SELECT r.* FROM json_each(?) AS page JOIN airtable_record r"
        " ON r.id = page.value ORDER BY page.key",
        json.dumps(ids),
    )
    page: dict[str, Any] = {"records": [render(row) for row in rows]}
    return to_json({**page, "offset": following} if following else page)


def _start(
    sandbox: Sandbox, table: str, options: Options, life: float
) -> tuple[Sequence[str], str]:
    """Return the first page of ids, and the offset of the next one if there is one."""
    # Columns and times come from closed lists, ids have a fixed shape.
    where = f"table_id = ? AND ({options.condition}) ORDER BY id"
    sql = f"SELECT id FROM airtable_record WHERE {where}"  # noqa: S608
    ids = [row["id"] for row in sandbox.storage.all(sql, table)]
    size, name, now = options.page_size, make_id("itr"), sandbox.clock()
    if len(ids) <= size:
        return ids, ""
    sandbox.storage.run("DELETE FROM airtable_iterator WHERE used_at <= ?", now - life)
    row = (name, table, now, "".join(ids))
    sandbox.storage.run("INSERT INTO airtable_iterator VALUES (?, ?, ?, ?)", *row)
    return ids[:size], f"{name}/{ids[size]}"


def _go_on(
    sandbox: Sandbox, table: str, options: Options, life: float
) -> tuple[Sequence[str], str]:
    """Return the page an offset names, and the offset of the next one."""
    size, (name, _, record) = options.page_size, options.offset.partition("/")
    if not (is_id("itr", name) and is_id("rec", record)):
        raise refuse(BAD_OFFSET)
    row = sandbox.storage.one("SELECT * FROM airtable_iterator WHERE id = ?", name)
    now = sandbox.clock()
    if row is None or now - row["used_at"] >= life:
        raise refuse(ITERATOR_GONE)
    position, odd = divmod(row["ids"].find(record), LENGTH)
    if row["table_id"] != table or odd or position < 0:
        raise refuse(BAD_OFFSET)
    sql = "UPDATE airtable_iterator SET used_at = ? WHERE id = ?"
    sandbox.storage.run(sql, now, name)
    rest = row["ids"][position * LENGTH : (position + size + 1) * LENGTH]
    page = [rest[at : at + LENGTH] for at in range(0, len(rest), LENGTH)]
    following = f"{name}/{page[size]}" if len(page) > size else ""
    return page[:size], following
