"""What is optional costs no more than itself when it is refused, whichever it is."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Collection, Connection, Item
from integrations.models.messages.wording import reason_text
from integrations.models.reasons import Reason, ReasonCode
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, live
from tests.support.provider_answers.seeds import FEW_PROPERTIES, make_seed

# Each call that the README of HubSpot marks as optional, by what a note calls it.
EXTRAS = {
    "fields": r"GET .*/crm/properties/",
    "pipelines": r"GET .*/crm/pipelines/",
    "owners": r"GET .*/crm/owners/",
    "archived_owners": r"GET .*/crm/owners/.*archived=true",
    "deletions": r"GET .*/crm/objects/.*archived=true",
    "count": r'POST .*/search .*"filterGroups":\[\]',
}

# https://developers.hubspot.com/docs/api-reference/error-handling
REFUSAL = b"""{
  "status": "error",
  "message": "This call is refused",
  "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf",
  "category": "VALIDATION_ERROR"
}"""


# What may come in place of an optional part, by what it is.
ANSWERS = {
    "no permission": (403, REFUSAL),
    "bad request": (400, REFUSAL),
    "unavailable": (503, REFUSAL),
    "a firewall's refusal": (403, b"<html>Blocked</html>"),
    "a portal's page": (200, b"<html>Sign in</html>"),
    "another shape": (200, b'{"status": "ok"}'),
}


class Refusals:
    """Refuse what matches, with a status and a body, while there is a status."""

    def __init__(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.form, self.status, self.body, self.refused = "", 0, REFUSAL, 0
        self._send = sandbox.send
        monkeypatch.setattr(sandbox, "send", self.send)

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer as the sandbox does, but for these."""
        answer: Response = self._send(request, timeouts, max_bytes)
        line = f"{request.method} {request.url} {(request.body or b'').decode()}"
        if not self.status or not re.match(self.form, line):
            return answer
        self.refused += 1
        return replace(answer, status=self.status, body=self.body)


@pytest.fixture(scope="session")
def seeded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sizes = {"contacts": 30, "companies": 8, "deals": 8, "records": 40, "rows": 10}
    path = tmp_path_factory.mktemp("tiny") / "seed.sqlite3"
    return make_seed(path, sizes, properties=FEW_PROPERTIES)


@pytest.fixture
def refusals(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Refusals:
    return Refusals(sandbox, monkeypatch)


def notes() -> set[str]:
    noted = Collection.objects.filter(pending_reason="extras_refused")
    return {name for each in noted for name in each.pending_reason_data["extras"]}


def names() -> dict[str, str]:
    return dict(Item.objects.live().values_list("remote_id", "name"))


# One place tells what every refusal is, and each part reads its own answers. What comes
# of a refusal later does not depend on what it was.
OWN = "another shape"
REFUSALS = [("fields", answer) for answer in ANSWERS if answer != OWN]
REFUSALS += [(extra, "no permission") for extra in EXTRAS if extra != "fields"]


class Refused:
    """A first sync to which an optional part is refused."""

    def __init__(
        self,
        connection: Connection,
        finish_sync: FinishSync,
        sandbox: Any,
        refusals: Refusals,
    ) -> None:
        self.connection, self.finish_sync = connection, finish_sync
        self.sandbox, self.refusals = sandbox, refusals

    def begin(self, extra: str, answer: str) -> None:
        """Refuse a part; all else is complete."""
        self.refusals.form = EXTRAS[extra]
        self.refusals.status, self.refusals.body = ANSWERS[answer]

        self.read()

        assert self.refusals.refused
        assert set(Collection.objects.values_list("completeness", flat=True)) == {
            "complete"
        }
        assert_equal_to(self.sandbox)
        assert notes() == {extra}

    def read(self, **options: Any) -> None:
        """Read the account to its end."""
        run = self.finish_sync(self.connection, **options)
        assert run.outcome == "complete"


@pytest.fixture
def refused(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, refusals: Refusals
) -> Refused:
    return Refused(connection, finish_sync, sandbox, refusals)


@pytest.mark.parametrize(("extra", "answer"), REFUSALS)
def test_an_optional_part_that_is_refused_is_a_note_and_nothing_else(
    refused: Refused, extra: str, answer: str
) -> None:
    refused.begin(extra, answer)


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_optional_part_that_stays_refused_costs_nothing_later_and_may_come(
    refused: Refused, extra: str
) -> None:
    refused.begin(extra, OWN)
    gone = min(live("contacts"))
    refused.sandbox.client.command(
        "records/archive", portal="555111", type="contacts", id=gone
    )
    refused.read(full=True)
    assert_equal_to(refused.sandbox)
    without = names()

    refused.refusals.status = 0
    refused.read(full=True)

    assert names() == without
    assert notes() == set()


def test_a_refused_list_of_deletions_leaves_an_incremental_sync_whole(
    synced: Connection, finish_sync: FinishSync, refusals: Refusals
) -> None:
    refusals.form, refusals.status = EXTRAS["deletions"], 503
    later = timezone.now() + timedelta(minutes=40)
    with time_machine.travel(later):
        run = finish_sync(synced)

    assert (run.outcome, notes()) == ("complete", {"deletions"})

    refusals.status = 0
    with time_machine.travel(later + timedelta(minutes=40)):
        finish_sync(synced)

    assert notes() == set()


def test_fields_that_were_not_told_at_first_are_read_as_soon_as_they_are(
    connection: Connection, finish_sync: FinishSync, refusals: Refusals
) -> None:
    refusals.form, refusals.status = EXTRAS["fields"], 503
    finish_sync(connection)
    few = Item.objects.filter(type="contact").first()
    assert few is not None

    refusals.status = 0
    finish_sync(connection)

    many = Item.objects.get(pk=few.pk)
    assert set(few.properties) < set(many.properties)
    assert Collection.objects.get(remote_id="contacts").schema["fields"]


@pytest.mark.parametrize(
    ("extras", "said"),
    [
        (["more_owners"], "the provider has more names of owners than are read"),
        (
            ["owners", "more_fields"],
            "the names of owners; the provider has more fields",
        ),
    ],
)
def test_what_there_is_more_of_is_not_said_to_be_refused(
    extras: list[str], said: str
) -> None:
    reason = Reason.of(ReasonCode.EXTRAS_REFUSED, extras=extras)

    assert said in reason_text(reason)
    assert ("did not give" in reason_text(reason)) is ("owners" in extras)


def test_fields_that_are_told_after_minutes_are_waited_for_at_first(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fault = {"kind": "status", "status": 503, "retry_after": 120}
    sandbox.client.command("faults/add", path="/properties/", count=2, **fault)

    assert finish_sync(connection).outcome == "complete"

    assert not notes()
    assert_equal_to(sandbox)
