"""Read the parameters that commands share, and digest what an account holds."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sandbox.core.provider import Account, CommandError, Params
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso

MAX_PAGE = 1_000
AnyAccount = TypeVar("AnyAccount", bound=Account)


def get_account(accounts: Sequence[AnyAccount], params: Params) -> AnyAccount:
    """Return the account that is named; without a name it is the first."""
    wanted = str(params.get("account") or accounts[0].id)
    for account in accounts:
        if account.id == wanted:
            return account
    raise CommandError(f"no account {wanted}")


def get_number(params: Params, name: str, default: int) -> int:
    return int(params.get(name) or default)


def get_part(params: Params) -> tuple[int, int]:
    """Return how many records to touch, and after how many."""
    return get_number(params, "count", 1), get_number(params, "offset", 0)


def touch(
    sandbox: Sandbox,
    params: Params,
    rows: Sequence[Row],
    change: Callable[[Row, str], object],
) -> dict[str, Any]:
    """Change records, each to the same text, at one and the same moment."""
    text = str(params.get("value") or f"Touched {to_iso(sandbox.now_ms)}")
    for row in rows:
        change(row, text)
    return {"touched": len(rows), "ids": [str(row["id"]) for row in rows]}


def get_limit(params: Params) -> int:
    return min(get_number(params, "limit", 100), MAX_PAGE)


def get_values(params: Params, name: str, field: str) -> dict[str, Any]:
    """Return the values to set: an object, or one field and value of a form."""
    given = params.get(name)
    if isinstance(given, dict):
        return given
    return {str(params[field]): params.get("value")} if params.get(field) else {}


def describe_live(rows: Iterable[tuple[str, Any]], params: Params) -> dict[str, Any]:
    """Count and digest records, given their ids with what changes when they do.

    `ids` is the SHA-256 of the ids in the order given, one per line; `content` is that
    of lines of id and change. `with_ids` adds the ids themselves.
    """
    lines = [(str(name), f"{name} {change}") for name, change in rows]
    ids = [name for name, _ in lines]
    found: dict[str, Any] = {
        "live": len(ids),
        "ids": _digest(ids),
        "content": _digest(line for _, line in lines),
    }
    return {**found, "id_list": ids} if params.get("with_ids") else found


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
