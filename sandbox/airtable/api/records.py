"""List the records of a table and show one record."""

import json
from collections.abc import Sequence
from typing import Any

from sandbox.airtable.api import iterators
from sandbox.airtable.api.access import admit
from sandbox.airtable.api.errors import NO_MODEL, NO_RECORD, refuse
from sandbox.airtable.api.options import TRUE, Options, read_options
from sandbox.airtable.api.render import make_render
from sandbox.airtable.schema import Table, list_tables, pick
from sandbox.airtable.seed.accounts import RECORDS_READ, SLUG
from sandbox.core.state import Sandbox
from sandbox.core.web import Request, Response, to_json


def list_records(sandbox: Sandbox, request: Request) -> Response:
    admit(sandbox, request, RECORDS_READ, is_metered=True)
    table = _find_table(sandbox, request)
    options = read_options(request.query)
    ids, following = _read_ids(sandbox, request, table["id"], options)
    render = make_render(sandbox, request, table, by_id=options.by_id)
    # As they are now; one deleted meanwhile is left out.
    rows = sandbox.storage.all(
        "SELECT r.* FROM json_each(?) AS page JOIN airtable_record r"
        " ON r.id = page.value ORDER BY page.key",
        json.dumps(ids),
    )
    page: dict[str, Any] = {"records": [render(row) for row in rows]}
    return to_json({**page, "offset": following} if following else page)


def _read_ids(
    sandbox: Sandbox, request: Request, table: str, options: Options
) -> tuple[Sequence[str], str]:
    account, size = request.account, options.page_size
    if options.offset:
        return iterators.go_on(sandbox, table, account, options.offset, size)
    # Columns and times come from closed lists, ids have a fixed shape.
    where = f"table_id = ? AND ({options.condition}) ORDER BY id"
    sql = f"SELECT id FROM airtable_record WHERE {where}"  # noqa: S608
    ids = [row["id"] for row in sandbox.storage.all(sql, table)]
    return iterators.start(sandbox, table, account, ids, size)


def show_record(sandbox: Sandbox, request: Request) -> Response:
    """Show one record, which may belong to another table of the same base."""
    admit(sandbox, request, RECORDS_READ, is_metered=True)
    _find_table(sandbox, request)
    by_id = request.query.get("returnFieldsByFieldId") in TRUE
    row = sandbox.storage.one(
        "SELECT r.*, t.shown FROM airtable_record r"
        " JOIN airtable_table t ON t.id = r.table_id WHERE r.id = ? AND t.base = ?",
        *(request.params["record"], request.params["base"]),
    )
    if row is None:
        is_closed = sandbox.switches.get(SLUG, "missing_record_is_403", request.account)
        raise refuse(NO_MODEL if is_closed else NO_RECORD)
    table = json.loads(row["shown"])
    return to_json(make_render(sandbox, request, table, by_id=by_id)(row))


def _find_table(sandbox: Sandbox, request: Request) -> Table:
    tables = list_tables(sandbox.storage, request.params["base"])
    table = pick(tables, request.params["table"])
    if table is None:
        raise refuse(NO_MODEL)
    return table
