"""List the records of a table and show one record."""

from collections.abc import Sequence
from typing import Any

from sandbox.airtable.api import iterators
from sandbox.airtable.api.attachments import make_attach
from sandbox.airtable.api.auth import Caller, api
from sandbox.airtable.api.errors import no_model, refuse
from sandbox.airtable.api.options import Options, read_flag, read_options
from sandbox.airtable.api.params import read_query
from sandbox.airtable.api.render import Renderer
from sandbox.airtable.api.schema import Field, Table, find_table
from sandbox.airtable.seed.accounts import RECORDS_READ, SLUG
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.web import Request, Response, to_json

COLUMNS = {"createdTime": "created", "lastModifiedTime": "modified"}


@api(RECORDS_READ, is_metered=True)
def list_records(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """List a page of records, by GET or by POST to listRecords."""
    table = _find_table(sandbox, request)
    options = read_options(request, table)
    account, size = request.account, options.page_size
    if options.offset:
        ids, following = iterators.go_on(
            sandbox, table.id, account, options.offset, size
        )
    else:
        every = _select(sandbox, table, options)
        ids, following = iterators.start(sandbox, table.id, account, every, size)
    attach = make_attach(sandbox, request)
    renderer = Renderer(table, attach, fields=options.fields, by_id=options.by_id)
    rows = _read_rows(sandbox, ids)
    page: dict[str, Any] = {"records": [renderer.render(row) for row in rows]}
    if following:
        page["offset"] = following
    return to_json(page)


@api(RECORDS_READ, is_metered=True)
def show_record(sandbox: Sandbox, request: Request, caller: Caller) -> Response:
    """Show one record, which may belong to another table of the same base."""
    table = _find_table(sandbox, request)
    by_id = read_flag(dict(read_query(request)).get("returnFieldsByFieldId", False))
    row = sandbox.storage.one(
        "SELECT r.*, t.base FROM airtable_record r"
        " JOIN airtable_table t ON t.id = r.table_id WHERE r.id = ?",
        request.params["record"],
    )
    if row is None or row["base"] != request.params["base"]:
        if sandbox.switches.get(SLUG, "missing_record_is_403", request.account):
            raise no_model()
        raise refuse(404, "MODEL_ID_NOT_FOUND", "Record not found")
    own = find_table(sandbox.storage, row["base"], row["table_id"]) or table
    renderer = Renderer(own, make_attach(sandbox, request), by_id=by_id)
    return to_json(renderer.render(row))


def _find_table(sandbox: Sandbox, request: Request) -> Table:
    table = find_table(sandbox.storage, request.params["base"], request.params["table"])
    if table is None:
        raise no_model()
    return table


def _select(sandbox: Sandbox, table: Table, options: Options) -> list[str]:
    """Return the ids of every record asked for, in the order asked for."""
    where, values = ["table_id = ?"], [table.id]
    if options.conditions:
        where.append(f"({' OR '.join(options.conditions)})")
    if options.view and options.view.filled:
        where.append("json_extract(cells, ?) IS NOT NULL")
        values.append(f"$.{options.view.filled}")
    order = [f"{_to_column(field)} {way}" for field, way in options.sort]
    # Without a sort or a view the order means nothing; with a view it is the view's.
    order.append("key" if options.view or options.sort else "id")
    limit = -1 if options.max_records is None else options.max_records
    # Columns, directions and numbers come from closed lists, ids have a fixed shape.
    sql = (
        f"SELECT id FROM airtable_record WHERE {' AND '.join(where)}"  # noqa: S608
        f" ORDER BY {', '.join(order)} LIMIT {limit}"
    )
    return [row["id"] for row in sandbox.storage.all(sql, *values)]


def _to_column(field: Field) -> str:
    return COLUMNS.get(field.type, f"json_extract(cells, '$.{field.id}')")


def _read_rows(sandbox: Sandbox, ids: Sequence[str]) -> list[Row]:
    """Return the records as they are now; one deleted meanwhile is left out."""
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT * FROM airtable_record WHERE id IN ({marks})"  # noqa: S608
    rows = sandbox.storage.all(sql, *ids)
    found = {row["id"]: row for row in rows}
    return [found[record] for record in ids if record in found]
