"""Answers that a provider's documents allow and nobody expects lose and double nothing.

Each is an answer of the sandbox that is changed on its way, as a slow replica, an
index that lags or another version of the API would.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response
from integrations.models import Edit, Item
from integrations.models.reasons import ReasonCode
from integrations.services.common.clients import api_clients as clients
from integrations.services.grants.tokens import TokenSource
from integrations.services.items.storage import store
from integrations.services.sync.refresh.context import connector_of, context_of
from tests.services.writing.fixtures_of_edits import PORTAL, Desk
from tests.support.rows import NOON

State = Edit.State
Change = Callable[[Response], tuple[int, Any]]
CREATE = r"POST .*/contacts$"
BY_ADDRESS = r"GET .*/contacts/.*idProperty=email"
READ = r"POST .*/objects/.*/contacts/batch/read$"
WRITE = r"PATCH|batch/update"


class Hasty:
    """Do something at the provider right before the first request of a kind."""

    def __init__(self, desk: Desk, line: str, act: Callable[[], None]) -> None:
        self.line, self.act, self.send_on = line, act, desk.sandbox.send
        self.is_done = False

    def send(self, request: Request, *args: Any) -> Response:
        is_meant = re.search(self.line, f"{request.method} {request.url}")
        if is_meant and not self.is_done:
            self.is_done = True
            self.act()
        answer: Response = self.send_on(request, *args)
        return answer


class Meddler:
    """Change the first answers to requests of a kind, or answer without asking."""

    def __init__(
        self, desk: Desk, line: str, change: Change, *, count: int, is_sent: bool
    ) -> None:
        self.line, self.change, self.left = re.compile(line), change, count
        self.is_sent, self.send_on = is_sent, desk.sandbox.send

    def send(self, request: Request, *args: Any) -> Response:
        is_meant = self.line.search(f"{request.method} {request.url}") is not None
        if not self.left or not is_meant:
            return self.send_on(request, *args)
        self.left -= 1
        answer: Response = (
            self.send_on(request, *args) if self.is_sent else Response(status=200)
        )
        status, body = self.change(answer)
        return replace(answer, status=status, body=json.dumps(body).encode())


@pytest.fixture
def meddle(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what changes the answers to requests that match a pattern."""

    def begin(
        line: str, change: Change, *, count: int = 1, is_sent: bool = True
    ) -> None:
        meddler = Meddler(desk, line, change, count=count, is_sent=is_sent)
        monkeypatch.setattr(desk.sandbox, "send", meddler.send)

    return begin


def missing(_answer: Response) -> tuple[int, Any]:
    return 404, {"status": "error", "message": "resource not found"}


def taken(existing: str) -> Change:
    told = f"Contact already exists. Existing ID: {existing}" if existing else "Taken"
    body = {"status": "error", "message": told, "category": "CONFLICT"}
    return lambda _: (409, body)


def again() -> Change:
    """Return answers as the first one was: by a replica that has not heard since."""
    seen: list[Response] = []

    def lag(answer: Response) -> tuple[int, Any]:
        seen.append(answer)
        return seen[0].status, json.loads(seen[0].body)

    return lag


@pytest.mark.parametrize("existing", ["", "99999999"])
def test_what_is_taken_by_a_contact_that_nobody_can_read_is_refused_at_its_field(
    desk: Desk, meddle: Any, existing: str
) -> None:
    meddle(CREATE, taken(existing), count=9, is_sent=False)

    edit = desk.finish(desk.create(email="hidden@example.com"))

    assert (edit.state, edit.reason) == (State.REFUSED, ReasonCode.VALUES_REFUSED)
    assert edit.refused == {"email": ["taken", ""]}


def test_what_an_earlier_call_has_made_is_waited_for_where_it_cannot_be_read_yet(
    desk: Desk, meddle: Any
) -> None:
    edit = desk.create(email="slow@example.com")
    desk.sandbox.client.fault("lost", "write", count=1)
    meddle(BY_ADDRESS, missing, count=3)

    desk.deliver(edit)
    meddle(CREATE, taken(""), is_sent=False)
    desk.deliver(edit)
    assert edit.state == State.UNKNOWN
    desk.finish(edit)

    assert edit.state == State.SAVED
    assert desk.with_address("slow@example.com") == [edit.remote_id]


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_reading_that_lags_behind_a_change_is_not_taken_for_it(
    desk: Desk, meddle: Any, *, is_batch: bool
) -> None:
    item = desk.item()
    old = item.properties.get("city")
    meddle(READ, again(), count=2)

    if is_batch:
        made = desk.bulk([item], "city", "Fresh")
        assert desk.finish_bulk(made) == {"saved": 1}
        edit = made.edits.get()
    else:
        edit = desk.finish(desk.update(item, city="Fresh"))

    assert edit.state == State.SAVED
    item.refresh_from_db()
    assert item.properties["city"] == "Fresh"
    assert desk.there(item.remote_id)["city"] == "Fresh"
    assert edit.change is not None
    assert edit.change.fields["properties.city"] == [old, "Fresh"]
    assert sum(re.search(WRITE, line) is not None for line in desk.sandbox.log) == 1


def change_city(desk: Desk, items: list[Item], *, is_batch: bool) -> list[Edit]:
    """Give contacts another city, alone or together; return how that ended."""
    if is_batch:
        made = desk.bulk(items, "city", "Fresh")
        desk.finish_bulk(made)
        return list(made.edits.order_by("pk"))
    return [desk.finish(desk.update(item, city="Fresh")) for item in items]


@pytest.mark.parametrize("is_batch", [False, True])
def test_what_is_merged_between_reading_and_writing_is_changed_where_it_lives_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, is_batch: bool
) -> None:
    item, other, third = desk.items()[:3]
    hasty = Hasty(desk, WRITE, lambda: desk.merge(item, other))
    monkeypatch.setattr(desk.sandbox, "send", hasty.send)

    edit, *_ = change_city(desk, [item, third], is_batch=is_batch)

    assert edit.state == State.SAVED
    assert edit.item is not None
    assert edit.remote_id not in (item.remote_id, other.remote_id)
    assert desk.there(edit.remote_id)["city"] == "Fresh"


@pytest.mark.parametrize("is_batch", [False, True])
def test_what_is_archived_between_reading_and_writing_is_refused_as_deleted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, is_batch: bool
) -> None:
    item, other = desk.items()[:2]
    order = {"portal": PORTAL, "type": "contacts", "id": item.remote_id}
    hasty = Hasty(
        desk, WRITE, lambda: desk.sandbox.client.command("records/archive", **order)
    )
    monkeypatch.setattr(desk.sandbox, "send", hasty.send)

    first, second = change_city(desk, [item, other], is_batch=is_batch)

    assert (first.state, first.reason) == (State.REFUSED, ReasonCode.ITEM_DELETED)
    assert second.state == State.SAVED


@pytest.mark.parametrize("told", ["nothing", "text"])
def test_a_row_whose_refusal_names_no_row_is_sent_alone_and_told_then(
    desk: Desk, meddle: Any, told: str
) -> None:
    desk.sandbox.client.switch("conditional_properties", ["city=Fresh:phone"])
    bad, good = desk.items()[:2]
    desk.edit_there(bad.remote_id, "phone", "")
    desk.edit_there(good.remote_id, "phone", "1")

    def blur(answer: Response) -> tuple[int, Any]:
        body = json.loads(answer.body)
        for error in body.get("errors", ()):
            [key] = error["context"]["ids"]
            trace = {"objectWriteTraceId": key}
            error["context"] = trace if told == "text" else {}
        return answer.status, body

    meddle(r"contacts/batch/update$", blur, count=3)

    first, second = change_city(desk, [bad, good], is_batch=True)

    assert (first.state, second.state) == (State.REFUSED, State.SAVED)
    assert first.refused["phone"][0] == "required"


def test_a_property_that_became_read_only_is_told_at_its_field(desk: Desk) -> None:
    item = desk.item()

    edit = desk.finish(desk.update(item, hs_object_id="1", city="Fresh"))

    assert (edit.state, edit.reason) == (State.REFUSED, ReasonCode.VALUES_REFUSED)
    assert edit.refused["hs_object_id"][0] == "read_only"
    assert desk.there(item.remote_id).get("city") != "Fresh"


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_lost_scope_that_is_not_named_holds_edits_back_and_is_asked_for_again(
    desk: Desk, meddle: Any, *, is_batch: bool
) -> None:
    body = {"status": "error", "category": "MISSING_SCOPES", "message": "not granted"}
    meddle(WRITE, lambda _: (403, body), is_sent=False)

    if is_batch:
        made = desk.bulk([desk.item()], "city", "Fresh")
        desk.deliver_bulk(made)
        edit = made.edits.get()
    else:
        edit = desk.deliver(desk.update(desk.item(), city="Fresh"))

    assert (edit.state, edit.reason) == (State.WAITING, ReasonCode.NO_PERMISSION)
    desk.connection.refresh_from_db()
    missing = [scope.name for scope in desk.connection.missing_scopes]
    assert missing == ["crm.objects.contacts.write"]


def test_a_page_that_a_sync_read_before_a_change_does_not_take_it_back(
    desk: Desk,
) -> None:
    item = desk.item()
    api = clients.api_client(desk.connection, TokenSource(desk.connection.pk))
    context = context_of(desk.contacts)
    page = connector_of(desk.contacts).fetch_page(api, context, cursor=None)
    edit = desk.finish(desk.update(item, city="Fresh"))
    assert edit.state == State.SAVED

    counts = store.store_page(desk.contacts, page.items, run_id=uuid4(), now=NOON)

    item.refresh_from_db()
    assert item.properties["city"] == "Fresh"
    assert counts.changed == 0
