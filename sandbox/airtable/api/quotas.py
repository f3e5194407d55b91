"""Count the calls of a workspace in a calendar month against its plan."""

from dataclasses import asdict
from typing import Any

from sandbox.airtable.seed.accounts import FREE, SLUG, TEAM, WORKSPACES
from sandbox.core.state import Sandbox
from sandbox.core.times import to_month

CAPS = {FREE: "free_calls_per_month", TEAM: "team_calls_per_month"}


def get_cap(sandbox: Sandbox, workspace: str) -> int | None:
    """Return how many calls a month a workspace has; nothing is no limit."""
    name = CAPS.get(WORKSPACES[workspace].plan)
    return None if name is None else int(sandbox.switches.get(SLUG, name))


def get_calls(sandbox: Sandbox, workspace: str) -> int:
    """Return how many calls a workspace has used this month."""
    row = sandbox.storage.one(
        "SELECT calls FROM airtable_calls WHERE workspace = ? AND month = ?",
        *(workspace, to_month(sandbox.clock())),
    )
    return int(row["calls"]) if row else 0


def is_blocked(sandbox: Sandbox, workspace: str) -> bool:
    """Return whether calls are refused, as on a Free plan that is used up."""
    return _is_over(sandbox, workspace, FREE)


def is_slowed(sandbox: Sandbox, workspace: str) -> bool:
    """Return whether calls go on at a lower rate, as on a Team plan that is used up."""
    return _is_over(sandbox, workspace, TEAM)


def _is_over(sandbox: Sandbox, workspace: str, plan: str) -> bool:
    cap = get_cap(sandbox, workspace)
    if cap is None or WORKSPACES[workspace].plan != plan:
        return False
    return get_calls(sandbox, workspace) >= cap


def count_call(sandbox: Sandbox, workspace: str) -> None:
    """Count one call."""
    with sandbox.storage.write() as connection:
        connection.execute(
            "INSERT INTO airtable_calls VALUES (?, ?, 1)"
            " ON CONFLICT DO UPDATE SET calls = calls + 1",
            (workspace, to_month(sandbox.clock())),
        )


def set_calls(sandbox: Sandbox, workspace: str, calls: int) -> None:
    """Pretend that so many calls were made this month."""
    with sandbox.storage.write() as connection:
        connection.execute(
            "REPLACE INTO airtable_calls VALUES (?, ?, ?)",
            (workspace, to_month(sandbox.clock()), calls),
        )


def describe(sandbox: Sandbox, workspace: str) -> dict[str, Any]:
    """Return what a workspace may and did use."""
    calls, cap = get_calls(sandbox, workspace), get_cap(sandbox, workspace)
    return {**asdict(WORKSPACES[workspace]), "calls": calls, "cap": cap}
