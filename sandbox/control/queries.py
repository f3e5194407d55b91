"""Answer the queries of tests and people."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.control.commands import SQL
from sandbox.core.provider import Params
from sandbox.core.state import Command, Sandbox
from sandbox.oauth import grants


def get_state(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return the faults that are on and the switches that were set."""
    faults, switches = sandbox.faults.to_list(), sandbox.switches.to_list()
    return {"faults": faults, "switches": switches}


def get_stats(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return the counters, with what the token endpoints saw, of all or of one."""
    slug = str(params.get("provider") or "")
    sql = "SELECT * FROM token_request WHERE ? IN ('', provider)"
    rows = sandbox.storage.all(sql, slug)
    asked = Counter(f"{row['provider']}:{row['grant_type']}" for row in rows)
    return {
        **sandbox.stats.to_dict(slug),
        "token_requests": dict(asked),
        "token_requests_refused": sum(row["status"] >= 400 for row in rows),
        "double_spends": sum(row["is_double"] for row in rows),
        "overlapping_spends": sum(row["is_overlapping"] for row in rows),
    }


def get_tokens(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return every token and code ever issued, in clear, for leak sweeps."""
    tokens = [
        {**dict(row), "fingerprint": grants.to_fingerprint(row["value"])}
        for row in sandbox.storage.all(SQL["tokens"])
    ]
    sql = "SELECT value, used_at, expires_at FROM authorization_code"
    codes = sandbox.storage.all(sql)
    return {"tokens": tokens, "codes": [dict(row) for row in codes]}


def get_token_requests(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    rows = sandbox.storage.all("SELECT * FROM token_request ORDER BY id")
    return {"requests": [dict(row) for row in rows]}


QUERIES: Mapping[str, Command] = {
    "providers": lambda sandbox, _: {"providers": list(sandbox.providers)},
    "state": get_state,
    "stats": get_stats,
    "tokens": get_tokens,
    "token-requests": get_token_requests,
}
