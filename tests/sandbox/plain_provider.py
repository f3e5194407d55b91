"""Simulate a plain provider in one file: people, policy, records, two lists."""

import random
from collections.abc import Iterator
from typing import Any

from sandbox.core.provider import Account, User
from sandbox.core.serving.web import Response, to_json
from sandbox.oauth.consent import ConsentPage
from sandbox.oauth.policy import Policy
from sandbox.plain import Api, Call, Kind, Plain, Record

VERBS = ("Paint", "Mend", "Sell", "Moor", "Scrub")
THINGS = ("the hull", "a sail", "the anchor", "two oars", "the mast")

ACCOUNTS = (
    Account(
        id="dock",
        name="Dock & Sons",
        note="Small",
        people=(User(id="u1", name="Ada Dock", email="ada@dock.example"),),
    ),
    Account(
        id="quay",
        name="Quay Ltd",
        note="Smaller",
        people=(User(id="u2", name="Ben Quay", email="ben@quay.example"),),
    ),
)

POLICY = Policy(
    slug="tasks",
    name="Tasks",
    accounts=ACCOUNTS,
    page=ConsentPage(
        scope_words={"tasks.read": "See tasks", "lists.read": "See lists"}
    ),
    revoke_path="/oauth/revoke",
    scopes="tasks.read lists.read",
    pkce="required",
    access_token_seconds=600,
    punish_reuse=True,
)


def seed_lists(rng: random.Random, account: Account) -> Iterator[dict[str, Any]]:
    """Make two lists in each account."""
    for name in ("Today", "Some day"):
        yield {"name": f"{name} at {account.name}"}


def seed_tasks(rng: random.Random, account: Account) -> Iterator[dict[str, Any]]:
    """Make 25 tasks, some of them done."""
    for number in range(25):
        yield {
            "name": f"{rng.choice(VERBS)} {rng.choice(THINGS)}",
            "list": f"{number % 2 + 1:06}",
            "done": rng.random() < 0.3,
        }


LISTS, TASKS = Kind("lists", seed_lists), Kind("tasks", seed_tasks)


def to_task(record: Record) -> dict[str, Any]:
    """Show a record as the API does."""
    times = {"created_at": record.created, "updated_at": record.modified}
    return {"id": record.id, **record.fields, **times}


def show_me(call: Call) -> Response:
    """Answer who connected, and which account."""
    account = {"id": call.account.id, "name": call.account.name}
    return to_json({"id": call.user.id, "name": call.user.name, "account": account})


def list_lists(call: Call) -> Response:
    """Answer the lists, which fit on one page."""
    page = call.read_page(LISTS, size=100)
    return to_json({"lists": [{"id": r.id, **r.fields} for r in page.records]})


def list_tasks(call: Call) -> Response:
    """Answer a page of tasks, all of them or those changed since a moment."""
    since = call.request.query.get("updated_since", "")
    page = call.read_page(TASKS, size=10, since=since)
    tasks = [to_task(record) for record in page.records]
    return to_json({"tasks": tasks, "next": page.next_cursor})


PROVIDER = Plain(
    policy=POLICY,
    kinds=(TASKS, LISTS),
    api=(
        Api("GET", "/v1/me", show_me),
        Api("GET", "/v1/lists", list_lists, scope="lists.read"),
        Api("GET", "/v1/tasks", list_tasks, scope="tasks.read", families="api list"),
    ),
).to_provider()
