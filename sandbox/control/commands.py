"""Carry out the orders of the control page; people and tests use the same ones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.core.provider import Action, OrderError, Params, Provider
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def get_provider(sandbox: "Sandbox", params: Params) -> Provider:
    """Return the provider an order names; the only one needs no naming."""
    slug = str(params.get("provider") or next(iter(sandbox.providers)))
    if slug not in sandbox.providers:
        message = f"no provider {slug}"
        raise OrderError(message)
    return sandbox.providers[slug]


def add_fault(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Switch a fault on; what is no field of a fault is a parameter of its kind."""
    provider = get_provider(sandbox, params)
    count = params.get("count")
    own = ("provider", "family", "account", "kind", "count", "skip")
    fault = sandbox.faults.add(
        provider=provider.slug,
        kind=str(params.get("kind") or ""),
        family=str(params.get("family") or "*"),
        account=str(params.get("account") or ""),
        skip=int(params.get("skip") or 0),
        count=None if count in (None, "") else int(str(count)),
        params={k: v for k, v in params.items() if k not in own and v != ""},
    )
    return fault.to_dict()


def clear_faults(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Switch one fault off, or all."""
    fault_id = params.get("id")
    return {"cleared": sandbox.faults.clear(int(fault_id) if fault_id else None)}


def set_switch(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Set one switch, for one account or for all."""
    provider, name = get_provider(sandbox, params), str(params.get("name"))
    account = str(params.get("account") or "")
    value = sandbox.switches.set(provider.slug, name, params.get("value"), account)
    return {"name": name, "value": value}


def expire_tokens(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Let access tokens expire now: all, one account's, or one by fingerprint."""
    provider, now = get_provider(sandbox, params), sandbox.clock()
    wanted = [
        row["value"]
        for row in sandbox.storage.all(
            "SELECT t.value, g.account FROM oauth_token t"
            " JOIN oauth_grant g ON g.id = t.grant_id WHERE g.provider = ?"
            " AND t.kind = 'access' AND (t.expires_at > ? OR t.expires_at IS NULL)",
            provider.slug,
            now,
        )
        if params.get("account") in (None, "", row["account"])
        and params.get("fingerprint") in (None, "", grants.to_fingerprint(row["value"]))
        and params.get("token") in (None, "", row["value"])
    ]
    with sandbox.storage.write() as connection:
        for value in wanted:
            connection.execute(
                "UPDATE oauth_token SET expires_at = ? WHERE value = ?",
                (now - 1, value),
            )
    return {"expired": len(wanted)}


def revoke_grants(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """End grants as a person does at the provider: all, an account's, or one."""
    provider = get_provider(sandbox, params)
    wanted = [
        row["id"]
        for row in sandbox.storage.all(
            "SELECT id, account FROM oauth_grant WHERE provider = ?", provider.slug
        )
        if params.get("account") in (None, "", row["account"])
        and str(params.get("grant") or "") in ("", str(row["id"]))
    ]
    kinds = ("refresh",) if params.get("keep_access") else ("access", "refresh")
    with sandbox.storage.write() as connection:
        for grant_id in wanted:
            grants.end_grant(
                connection,
                grant_id,
                reason="revoked at the provider",
                now=sandbox.clock(),
                kinds=kinds,
            )
    return {"revoked": len(wanted)}


def reset_stats(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Start counting from zero, and forget the token requests seen so far."""
    sandbox.stats.reset()
    sandbox.windows.clear()
    sandbox.fixed_windows.clear()
    with sandbox.storage.write() as connection:
        connection.execute("DELETE FROM token_request")
    return {"reset": True}


def calm_down(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Switch every fault off and return every switch to its default."""
    sandbox.switches.reset()
    return {"cleared": sandbox.faults.clear()}


def find_action(name: str) -> Action:
    """Return what an order does; whatever is not common is the provider's own."""
    return ACTIONS.get(name) or _on_provider(name)


def _on_provider(name: str) -> Action:
    def act(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
        provider = get_provider(sandbox, params)
        group, _, rest = name.partition("/")
        own = provider.records if group == "records" else provider.orders
        action = own.get(rest if group == "records" else name)
        if action is None:
            message = f"{provider.name} has no such order: {name}"
            raise OrderError(message)
        return action(sandbox, params)

    return act


ACTIONS: Mapping[str, Action] = {
    "faults/add": add_fault,
    "faults/clear": clear_faults,
    "switches/set": set_switch,
    "tokens/expire": expire_tokens,
    "grants/revoke": revoke_grants,
    "stats/reset": reset_stats,
    "calm": calm_down,
}
