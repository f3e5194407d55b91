"""No untrue sentence: states drawn by the thousand, and what all pages say of them.

Of those that are alike, one is looked at. The oracle, ``tests/support/pages/truth.py``,
knows only the facts that a state is made of.
"""

import random
from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.messages import WARNING, get_messages
from django.db import transaction
from django.template.base import Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import Connection, ProviderState, SyncRun
from integrations.models.sync.progress import CollectionProgress
from integrations.services.common import queue
from integrations.services.connections import facts, findings, next_steps, status
from tests.support.pages import shown, truth
from tests.support.pages.states import MINUTE, State, draw_unlike, make_rows
from tests.support.sessions import prove

DRAWN, SIZE = 1100, 100
ADMIN = "/admin/integrations/connection/"


class Broker:
    """Take every task and run none."""

    def send_task(self, *_args: Any, **_options: Any) -> None:
        return


@pytest.fixture(autouse=True)
def plain_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render as in production: Django's tests copy the context of every template."""
    monkeypatch.setattr(
        Template, "_render", lambda self, data: self.nodelist.render(data)
    )


@pytest.fixture
def as_admin(alice: User) -> Client:
    """Return the browser of an owner who is also a member of staff."""
    alice.is_staff = alice.is_superuser = True
    alice.save()
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    client = Client()
    client.force_login(alice)
    prove(client, "password", "mfa")
    return client


def make_batch(owner: User, number: int, settings: Any, states: list[State]) -> None:
    """Store the states of one batch, with what they have in common."""
    now = timezone.now()
    paused = {"hubspot", "notion"} if number % 5 == 4 else set()
    unset = {"airtable"} if number % 7 == 6 else set()
    for state in states:
        state.circuit_opens_in = 8 * MINUTE if state.provider in paused else None
        state.is_configured = state.provider not in unset
    Connection.objects.all().delete()
    ProviderState.objects.all().delete()
    for slug in paused:
        ProviderState.objects.create(provider=slug, paused_until=now + 8 * MINUTE)
    settings.PROVIDERS = without(settings.PROVIDERS, unset)
    make_rows(owner, states, now)


def without(providers: Any, unset: set[str]) -> Any:
    return {
        slug: replace(each, client_id="" if slug in unset else f"client-{slug}")
        for slug, each in providers.items()
    }


def lists(client: Client) -> list[Any]:
    """Return what the lists say, by connection, and the text of the first."""
    pages = [client.get(path).content.decode() for path in ("/connections/", "/")]
    admin = client.get(f"{ADMIN}?all=").content.decode()
    return [
        shown.cards("list", pages[0]),
        shown.cards("Home", pages[1]),
        shown.admin_rows(admin),
        pages,
    ]


def whole(client: Client, state: State) -> tuple[list[shown.Shown], list[str]]:
    """Return what a connection's own pages say, and what they say that is not so."""
    page = client.get(f"/connections/{state.id}/").content.decode()
    live = client.get(f"/connections/{state.id}/progress/").content.decode()
    row = client.get(f"{ADMIN}{state.id}/change/").content.decode()
    pages = [
        shown.of_part("page", page, state.id),
        shown.of_part("live parts", live, state.id),
        shown.Shown(
            page="admin page", badge=shown.condition_of(row), text=shown.words(row)
        ),
    ]
    wrong = [*truth.lies_of_page(state, page), *truth.lies_of_page(state, live)]
    if state.run is not None:
        run = client.get(f"/runs/{state.run.id}/").content.decode()
        badge = shown.condition_of(run)
        pages.append(shown.Shown(page="run", badge=badge, text=shown.words(run)))
        wrong += truth.lies_of_run(state, shown.badges(run))
    return pages, wrong


def one_of_each(states: list[State]) -> list[State]:
    """Return one state for each of what can be true of a connection."""
    return list({frozenset(truth.expected(each)): each for each in states}.values())


def untrue(client: Client, states: list[State], *, own: set[UUID]) -> list[str]:
    """Return what the pages say of a stored batch of states that is not so.

    All are looked at in the lists, and some on their ``own`` pages as well.
    """
    now, found = timezone.now(), []
    cards, home, rows, pages = lists(client)
    assert set(cards) == set(rows) == {state.id for state in states}
    assert set(home) == {s.id for s in states if truth.is_connected(s)}
    total = shown.fact(pages[1].split("In short")[-1], "Items").replace(",", "")
    total = total.removesuffix(" items")
    assert int(total) == sum(truth.items(state) for state in states)
    first_read = sum(truth.first_read(state) for state in states)
    assert shown.number(pages[1], "first_read") == first_read
    for state in states:
        told = [page[state.id] for page in (cards, home, rows) if state.id in page]
        wrong: list[str] = []
        if state.id in own:
            pages_of_its_own, wrong = whole(client, state)
            told += pages_of_its_own
        wrong += chain.from_iterable(truth.lies(state, page, now) for page in told)
        wrong += truth.contradictions(told)
        found += [f"{each}\n    {state}" for each in wrong]
    dead = sum(truth.expected(s) == {"needs_reconnect"} for s in states)
    if any(page.count("needs reconnecting.") != dead for page in pages):
        found.append(f"{dead} need reconnecting, and the notices say otherwise")
    return found


def test_no_two_pages_contradict_each_other_nor_the_facts(
    as_admin: Client, alice: User, settings: Any
) -> None:
    states = draw_unlike(random.Random(1), DRAWN)
    own, found = {each.id for each in one_of_each(states)}, []
    assert len(own) == 22

    for number, start in enumerate(range(0, len(states), SIZE)):
        batch = states[start : start + SIZE]
        make_batch(alice, number, settings, batch)
        found += untrue(as_admin, batch, own=own)

    assert not found, f"{len(found)} untrue sentences, of which\n" + "\n".join(
        found[:8]
    )


MISTAKES = {
    "an unread collection is overlooked": (findings, "_lacks", lambda *_: ""),
    "the schedule is believed": (
        next_steps,
        "next_sync",
        lambda facts, _: next_steps.Planned(at=facts.now + 4 * MINUTE),
    ),
    "every grant lives": (status.Status, "grant", "granted"),
    "what was noted last goes on": (CollectionProgress, "ended", lambda self: self),
    "no next attempt is known": (facts.Facts, "retry_at", None),
    "a wait is no wait": (SyncRun, "is_waiting", False),
    "a sync is always offered": (next_steps, "_syncs", lambda _: iter(["sync"])),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_decision_does_not_go_unseen(
    as_admin: Client,
    alice: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    mistake: str,
) -> None:
    monkeypatch.setattr(*MISTAKES[mistake])

    drawn = draw_unlike(random.Random(1), DRAWN)
    some = one_of_each(drawn) + one_of_each(drawn[::-1])
    states = list({each.id: each for each in some}.values())
    make_batch(alice, 1, settings, states)
    dead = {each.id for each in states if not truth.is_grant_alive(each)}

    # What the lists tell is quick to find; some mistakes only a page of its own tells.
    assert untrue(as_admin, states, own=set()) or untrue(as_admin, states, own=dead)


def steps(state: State, actions: frozenset[str]) -> Iterator[tuple[str, dict, str]]:
    """Yield what pressing each of the offered buttons sends, and what it is for."""
    names = {"sync": "sync", "full_refresh": "sync", "pause": "pause"}
    names |= {"resume": "resume", "disconnect": "disconnect", "rename": "rename"}
    names |= {"interval": "interval", "remove": "remove"}
    data = {
        "full_refresh": {"full": "1"},
        "disconnect": {"items": "keep"},
        "rename": {"label": "Mine"},
        "interval": {"minutes": "60", "hours": ""},
    }
    for action in sorted(actions & set(names)):
        yield f"/connections/{state.id}/{names[action]}/", data.get(action, {}), action
    if "consent" in actions:
        path = reverse("integrations:authorize", args=(state.provider,))
        yield path, {"connection": str(state.id)}, "consent"


def has_happened(state: State, action: str) -> bool:
    """Tell whether what a button promised is so now."""
    row = Connection.objects.filter(pk=state.id).first()
    if row is None:
        return action == "remove"
    run = row.runs.exclude(state=SyncRun.State.FINISHED).first()
    return {
        "sync": run is not None and run.is_interactive,
        "full_refresh": run is not None and run.is_full,
        "pause": row.state == "paused",
        "resume": row.state == "active",
        "disconnect": row.state == "disconnected",
        "rename": row.label == "Mine",
        # That it was moved stays to be known; its items go.
        "remove": row.reason == Connection.REMOVED
        or (row.is_moved and not row.collections.exclude(stored_count=0).exists()),
        "interval": row.sync_interval_minutes == 60,
        "consent": row.state == state.stored,
    }[action]


@pytest.mark.parametrize("number", [1, 4, 6])
def test_whatever_is_offered_is_accepted(
    as_admin: Client,
    alice: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    monkeypatch.setattr(queue, "current_app", Broker())
    states = draw_unlike(random.Random(number), 25)
    make_batch(alice, number, settings, states)
    done, refused = set(), []
    for state in states:
        page = as_admin.get(f"/connections/{state.id}/").content.decode()
        offered = shown.of_part("page", page, state.id).actions
        for path, data, action in steps(state, offered):
            as_it_is = (action, frozenset(truth.expected(state)))
            if as_it_is in done:
                continue
            with transaction.atomic():
                answer = as_admin.post(path, data)
                told = get_messages(answer.wsgi_request)
                is_warned = any(message.level >= WARNING for message in told)
                if answer.status_code != 302 or is_warned:
                    refused.append(f"{action}: {answer.status_code} {state}")
                elif not has_happened(state, action):
                    refused.append(f"{action} came to nothing: {state}")
                transaction.set_rollback(True)
            done.add(as_it_is)

    assert not refused, "\n".join(refused[:5])
    assert {"sync", "rename", "disconnect", "consent", "pause"} <= {a for a, _ in done}
