"""Labels that a portal cannot be without are kept, and asked for again soon."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Collection, Connection, ItemChange
from integrations.models.reasons import ReasonCode
from tests.services.fixtures import FinishSync


class Emptied:
    """Empty the results of some addresses on their way, while it is on."""

    def __init__(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parts: tuple[str, ...] = ()
        self._send = sandbox.send
        monkeypatch.setattr(sandbox, "send", self.send)

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer as the sandbox does, but for these."""
        answer: Response = self._send(request, timeouts, max_bytes)
        if not any(part in request.url for part in self.parts):
            return answer
        return replace(answer, body=json.dumps({"results": []}).encode())


@pytest.fixture
def emptied(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Emptied:
    return Emptied(sandbox, monkeypatch)


def schemas() -> dict[str, Any]:
    return dict(Collection.objects.values_list("remote_id", "schema"))


def test_empty_pipelines_and_owners_take_no_names_away(
    synced: Connection, finish_sync: FinishSync, emptied: Emptied
) -> None:
    known = schemas()
    emptied.parts = ("/crm/pipelines/", "/crm/owners/")

    finish_sync(synced, full=True)

    after = schemas()
    assert {key: s["lookups"] for key, s in after.items()} == {
        key: s["lookups"] for key, s in known.items()
    }
    emptied.parts = ()
    assert finish_sync(synced).outcome == "complete"
    assert schemas() == known


def test_names_missing_from_the_first_load_come_with_the_next_sync(
    connection: Connection, finish_sync: FinishSync, emptied: Emptied
) -> None:
    emptied.parts = ("/crm/pipelines/",)
    finish_sync(connection)
    assert not Collection.objects.get(remote_id="deals").schema["lookups"].get("stage")

    emptied.parts = ()
    finish_sync(connection)

    assert Collection.objects.get(remote_id="deals").schema["lookups"]["stage"]


def test_an_empty_list_of_properties_is_no_schema(
    synced: Connection, finish_sync: FinishSync, emptied: Emptied
) -> None:
    known = schemas()
    emptied.parts = ("/crm/properties/",)

    run = finish_sync(synced, full=True)

    assert run.outcome == "complete"
    told = ("fields", "lookups", "requested")
    for key, schema in schemas().items():
        assert [schema[name] for name in told] == [known[key][name] for name in told]
    assert not ItemChange.objects.exists()
    assert set(Collection.objects.values_list("pending_reason", flat=True)) == {
        ReasonCode.EXTRAS_REFUSED
    }
    emptied.parts = ()
    assert finish_sync(synced).outcome == "complete"
