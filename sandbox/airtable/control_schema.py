"""Let people and tests change bases, tables and fields, and who may see them."""

import json
from typing import Any

from sandbox.airtable.api import quotas
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.targets import get_base, get_field, get_table
from sandbox.airtable.values import convert, make_id
from sandbox.control.helpers import get_account, get_number
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Sandbox

FIELD = """
INSERT INTO airtable_field (id, table_id, name, type, options, description)
VALUES (?, ?, ?, ?, ?, '')
"""
LEVELS = ("none", "read", "comment", "edit", "create", "")


def rename_base(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Give a base another name."""
    base = get_base(sandbox, params)
    _rename(sandbox, "airtable_base", base["id"], params)
    return {"base": base["id"]}


def unshare_base(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Take a base out of every present grant of the account, or out of one."""
    base = get_base(sandbox, params)
    with sandbox.storage.write() as connection:
        taken = connection.execute(
            "INSERT OR IGNORE INTO airtable_unshared SELECT id, ? FROM oauth_grant"
            " WHERE provider = 'airtable' AND account = ? AND (? = '' OR id = ?)",
            (base["id"], base["account"], *_get_grant(params)),
        ).rowcount
    return {"base": base["id"], "grants": taken}


def share_base(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Put a base back that was taken out of grants."""
    base = get_base(sandbox, params)
    with sandbox.storage.write() as connection:
        given = connection.execute(
            "DELETE FROM airtable_unshared WHERE base = ? AND (? = '' OR grant_id = ?)",
            (base["id"], *_get_grant(params)),
        ).rowcount
    return {"base": base["id"], "grants": given}


def set_level(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Change what one person may do in a base; an empty level removes them."""
    base, company = get_base(sandbox, params), get_account(COMPANIES, params)
    user, level = str(params.get("user") or ""), str(params.get("level") or "")
    if user not in {person.id for person in company.people} or level not in LEVELS:
        raise CommandError("no such person or level")
    with sandbox.storage.write() as connection:
        key = (base["id"], user)
        connection.execute(
            "DELETE FROM airtable_member WHERE base = ? AND user = ?", key
        )
        if level:
            connection.execute(
                "INSERT INTO airtable_member VALUES (?, ?, ?)", (*key, level)
            )
    return {"base": base["id"], "user": user, "level": level}


def rename_table(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Give a table another name."""
    table = get_table(sandbox, params)
    _rename(sandbox, "airtable_table", table.id, params)
    return {"table": table.id}


def add_table(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Add an empty table with one text field and one view."""
    base, table, field = get_base(sandbox, params), make_id("tbl"), make_id("fld")
    with sandbox.storage.write() as connection:
        connection.execute(
            "INSERT INTO airtable_table (id, base, name, description, primary_field)"
            " VALUES (?, ?, ?, '', ?)",
            (table, base["id"], _get_name(params), field),
        )
        connection.execute(FIELD, (field, table, "Name", "singleLineText", "{}"))
        connection.execute(
            "INSERT INTO airtable_view (id, table_id, name, type, filled)"
            " VALUES (?, ?, 'Grid view', 'grid', '')",
            (make_id("viw"), table),
        )
    return {"table": table, "field": field}


def remove_table(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Delete a table with everything in it."""
    table = get_table(sandbox, params)
    with sandbox.storage.write() as connection:
        connection.execute("DELETE FROM airtable_table WHERE id = ?", (table.id,))
        for name in ("field", "view", "record", "iterator"):
            connection.execute(
                f"DELETE FROM airtable_{name} WHERE table_id = ?",  # noqa: S608
                (table.id,),
            )
    return {"table": table.id}


def rename_field(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Give a field another name."""
    field = get_field(get_table(sandbox, params), params)
    _rename(sandbox, "airtable_field", field.id, params)
    return {"field": field.id}


def add_field(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Add a field of any type, empty everywhere."""
    table, field = get_table(sandbox, params), make_id("fld")
    kind = str(params.get("to") or "singleLineText")
    with sandbox.storage.write() as connection:
        connection.execute(
            FIELD, (field, table.id, _get_name(params), kind, _get_options(params))
        )
    return {"field": field, "table": table.id}


def remove_field(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Delete a field; the primary field stays, as at Airtable."""
    table = get_table(sandbox, params)
    field = get_field(table, params)
    if field.id == table.primary_field:
        raise CommandError("the primary field cannot be removed")
    with sandbox.storage.write() as connection:
        connection.execute("DELETE FROM airtable_field WHERE id = ?", (field.id,))
    return {"field": field.id}


def retype_field(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Change a field to the type `to`; a cell that cannot follow becomes empty."""
    table = get_table(sandbox, params)
    field, kind = get_field(table, params), str(params.get("to") or "")
    if not kind:
        raise CommandError("say the new type in `to`")
    with sandbox.storage.write() as connection:
        connection.execute(
            "UPDATE airtable_field SET type = ?, options = ? WHERE id = ?",
            (kind, _get_options(params), field.id),
        )
        convert(connection, table.id, field.id, kind)
    return {"field": field.id, "type": kind}


def set_calls(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Pretend that a workspace made so many calls this month."""
    own = [workspace.id for workspace in get_account(COMPANIES, params).workspaces]
    workspace = str(params.get("id") or own[0])
    if workspace not in own:
        message = f"no workspace {workspace}"
        raise CommandError(message)
    quotas.set_calls(sandbox, workspace, get_number(params, "calls", 0))
    return quotas.describe(sandbox, workspace)


def _rename(sandbox: Sandbox, table: str, target: str, params: Params) -> None:
    with sandbox.storage.write() as connection:
        connection.execute(
            f"UPDATE {table} SET name = ? WHERE id = ?",  # noqa: S608
            (_get_name(params), target),
        )


def _get_name(params: Params) -> str:
    name = str(params.get("name") or "")
    if not name:
        raise CommandError("say the new name in `name`")
    return name


def _get_options(params: Params) -> str:
    options = params.get("options") or {}
    return json.dumps(json.loads(options) if isinstance(options, str) else options)


def _get_grant(params: Params) -> tuple[str, str]:
    grant = str(params.get("grant") or "")
    return grant, grant


SCHEMA_COMMANDS: dict[str, Command] = {
    "bases/rename": rename_base,
    "bases/unshare": unshare_base,
    "bases/share": share_base,
    "bases/level": set_level,
    "tables/rename": rename_table,
    "tables/add": add_table,
    "tables/remove": remove_table,
    "fields/rename": rename_field,
    "fields/add": add_field,
    "fields/remove": remove_field,
    "fields/retype": retype_field,
    "quota/set": set_calls,
}
