"""Answer what tests and people ask the control page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.control.commands import get_provider
from sandbox.core.provider import Action, Params, Provider
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

TOKENS = """
SELECT t.value, t.kind, t.grant_id, t.issued_at, t.expires_at, t.spent_at,
    t.revoked_at, t.spends, g.provider, g.account, g.user, g.scopes
FROM oauth_token t JOIN oauth_grant g ON g.id = t.grant_id ORDER BY t.rowid
"""


def get_state(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return what there is and what is switched on."""
    return {
        "providers": [_describe(p) for p in sandbox.providers.values()],
        "faults": sandbox.faults.to_list(),
        "switches": sandbox.switches.to_list(),
        "grants": [dict(r) for r in sandbox.storage.all("SELECT * FROM oauth_grant")],
    }


def _describe(provider: Provider) -> dict[str, Any]:
    return {
        "provider": provider.slug,
        "families": list(provider.families),
        "accounts": [
            {
                "id": account.id,
                "name": account.name,
                "note": account.note,
                "people": [vars(person) for person in account.people],
            }
            for account in provider.accounts
        ],
        "switches": {switch.name: switch.default for switch in provider.switches},
        "faults": [kind.name for kind in provider.faults],
    }


def get_stats(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return the counters, with what the token endpoints saw."""
    rows = sandbox.storage.all("SELECT * FROM token_request")
    by_type: dict[str, int] = {}
    for row in rows:
        key = f"{row['provider']}:{row['grant_type']}"
        by_type[key] = by_type.get(key, 0) + 1
    spends = sandbox.storage.all("SELECT value, spends FROM oauth_token WHERE spends")
    return {
        **sandbox.stats.to_dict(),
        "token_requests": by_type,
        "token_requests_refused": sum(row["status"] >= 400 for row in rows),
        "double_spends": sum(row["is_double"] for row in rows),
        "overlapping_spends": sum(row["is_overlapping"] for row in rows),
        "spends": {
            grants.to_fingerprint(row["value"]): row["spends"] for row in spends
        },
    }


def get_tokens(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return every token and code ever issued, in clear, for leak sweeps."""
    tokens = [
        {**dict(row), "fingerprint": grants.to_fingerprint(row["value"])}
        for row in sandbox.storage.all(TOKENS)
    ]
    codes = sandbox.storage.all("SELECT value, used_at, expires_at FROM oauth_code")
    return {"tokens": tokens, "codes": [dict(row) for row in codes]}


def get_token_requests(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return every call of a token endpoint, in order."""
    rows = sandbox.storage.all("SELECT * FROM token_request ORDER BY id")
    return {"requests": [dict(row) for row in rows]}


def get_inventory(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return counts and digests of one account's records."""
    return get_provider(sandbox, params).inventory(sandbox, params)


def get_records(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Return records as they really are."""
    return get_provider(sandbox, params).records["show"](sandbox, params)


QUESTIONS: Mapping[str, Action] = {
    "state": get_state,
    "stats": get_stats,
    "tokens": get_tokens,
    "token-requests": get_token_requests,
    "inventory": get_inventory,
    "records": get_records,
}
