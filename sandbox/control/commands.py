"""Carry out the commands of the control page; people and tests use the same ones."""

from collections.abc import Mapping
from typing import Any

from sandbox.core.data import read_statements
from sandbox.core.faults import EVERY
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Provider, Sandbox
from sandbox.core.storage import Row
from sandbox.oauth import grants

SQL = read_statements(__package__, "statements.sql")
FAULT_FIELDS = {"provider", "family", "account", "kind", "count", "skip"}


def get_provider(sandbox: Sandbox, params: Params) -> Provider:
    """Return the provider that is named; without a name it is the first."""
    slug = str(params.get("provider") or next(iter(sandbox.providers)))
    if slug not in sandbox.providers:
        raise CommandError(f"no provider {slug}")
    return sandbox.providers[slug]


def add_fault(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Switch a fault on; what is no field of a fault is a parameter of its kind."""
    provider, count = get_provider(sandbox, params), params.get("count")
    family = str(params.get("family") or EVERY)
    if family != EVERY and family not in provider.families:
        raise CommandError(f"no such endpoint family: {provider.slug} {family}")
    kind = provider.faults_by_name.get(str(params.get("kind")))
    if kind is None:
        raise CommandError(f"no such fault: {params.get('kind')}")
    own = {*kind.params, "path"} - FAULT_FIELDS
    given = {k: v for k, v in params.items() if k in own and v != ""}
    return sandbox.faults.add(
        provider=provider.slug,
        family=family,
        account=str(params.get("account") or ""),
        kind=kind.name,
        params={**kind.params, **given},
        skip=int(params.get("skip") or 0),
        remaining=None if count in (None, "") else int(str(count)),
    )


def clear_faults(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    fault_id, provider = params.get("id"), str(params.get("only") or "")
    cleared = sandbox.faults.clear(int(fault_id) if fault_id else None, provider)
    return {"cleared": cleared}


def set_switch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    provider, name = get_provider(sandbox, params), str(params.get("name"))
    account = str(params.get("account") or "")
    value = sandbox.switches.set(provider.slug, name, params.get("value"), account)
    return {"name": name, "value": value}


def expire_tokens(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Let access tokens expire now: all, an account's, a grant's, or one."""
    now, slug = sandbox.clock(), get_provider(sandbox, params).slug
    wanted = [
        (now - 1, row["value"])
        for row in sandbox.storage.all(SQL["live"], slug, now)
        if _is_meant(params, row, fingerprint=grants.to_fingerprint(row["value"]))
    ]
    sql = "UPDATE oauth_token SET expires_at = ? WHERE value = ?"
    sandbox.storage.connection.executemany(sql, wanted)
    return {"expired": len(wanted)}


def revoke_grants(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """End grants as a person does at the provider: all, an account's, or one."""
    sql = 'SELECT id AS "grant", account FROM oauth_grant WHERE provider = ?'
    slug = get_provider(sandbox, params).slug
    rows = sandbox.storage.all(sql, slug)
    wanted = [row["grant"] for row in rows if _is_meant(params, row)]
    kinds = ("refresh",) if params.get("keep_access") else grants.BOTH
    known = grants.Grants(sandbox.storage, slug, sandbox.clock())
    for grant_id in wanted:
        known.end(grant_id, "revoked at the provider", kinds)
    return {"revoked": len(wanted)}


def _is_meant(params: Params, row: Row, **more: str) -> bool:
    known = {"account": row["account"], "grant": row["grant"], **more}
    return all(
        params.get(n) in (None, "") or str(params[n]) == str(v)
        for n, v in known.items()
    )


def reset_stats(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    sandbox.reset_counters()
    sandbox.storage.run("DELETE FROM token_request")
    return {"reset": True}


def calm_down(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    sandbox.switches.reset()
    return {"cleared": sandbox.faults.clear()}


def run_command(sandbox: Sandbox, name: str, params: Params) -> dict[str, Any]:
    """Run a command, wholly or not at all; what is not common is the provider's own."""
    command = COMMANDS.get(name)
    if command is None:
        provider = get_provider(sandbox, params)
        command = provider.commands.get(name)
        if command is None:
            raise CommandError(f"{provider.name} has no such command: {name}")
    with sandbox.storage.write():
        return command(sandbox, params)


COMMANDS: Mapping[str, Command] = {
    "faults/add": add_fault,
    "faults/clear": clear_faults,
    "switches/set": set_switch,
    "tokens/expire": expire_tokens,
    "grants/revoke": revoke_grants,
    "stats/reset": reset_stats,
    "calm": calm_down,
}
