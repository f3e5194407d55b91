"""Count the calls of a workspace in a calendar month against its plan."""

from dataclasses import asdict
from typing import Any

from sandbox.airtable.seed.accounts import FREE, SLUG, TEAM, WORKSPACES
from sandbox.core.state import Sandbox
from sandbox.core.times import to_month

CAPS = {FREE: "free_calls_per_month", TEAM: "team_calls_per_month"}


def describe(sandbox: Sandbox, workspace: str) -> dict[str, Any]:
    """Return what a workspace may use this month, if there is a cap, and did use."""
    row = sandbox.storage.one(
        "SELECT calls FROM airtable_calls WHERE workspace = ? AND month = ?",
        *(workspace, to_month(sandbox.clock())),
    )
    about = WORKSPACES[workspace]
    name = CAPS.get(about.plan)
    cap = sandbox.switches.get(SLUG, name) if name else None
    return {**asdict(about), "calls": row["calls"] if row else 0, "cap": cap}


def is_used_up(sandbox: Sandbox, workspace: str, plan: str) -> bool:
    found = describe(sandbox, workspace)
    return bool(found["plan"] == plan and found["calls"] >= found["cap"])


def count_call(sandbox: Sandbox, workspace: str) -> None:
    sandbox.storage.run(
        "INSERT INTO airtable_calls VALUES (?, ?, 1)"
        " ON CONFLICT DO UPDATE SET calls = calls + 1",
        *(workspace, to_month(sandbox.clock())),
    )


def set_calls(sandbox: Sandbox, workspace: str, calls: int) -> None:
    row = (workspace, to_month(sandbox.clock()), calls)
    sandbox.storage.run("REPLACE INTO airtable_calls VALUES (?, ?, ?)", *row)
