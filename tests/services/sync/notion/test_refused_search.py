"""A search that fails costs no more than what it would have told."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Item
from tests.services.fixtures import Connect, FinishSync
from tests.services.sync.notion.workspace_rows import assert_equal_to

REFUSAL = json.dumps(
    {
        "object": "error",
        "status": 0,
        "code": "service_unavailable",
        "message": "No",
        "request_id": "r",
    }
).encode()


@pytest.mark.parametrize("status", [400, 503])
def test_pages_are_read_while_the_search_for_data_sources_fails(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    notion: Any,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    send = sandbox.send

    def refuse(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        is_search = request.url.endswith("/search")
        if not is_search or b"data_source" not in (request.body or b""):
            return answer
        return replace(answer, status=status, body=REFUSAL)

    connection = connect_notion(alice)
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "send", refuse)
        run = finish_sync(connection)

    assert Item.objects.live().filter(type="page").exists()
    listing = run.entries["account"]
    assert run.outcome == "partial"
    assert listing.reason is not None
    assert listing.reason.data["parts"] == ["Data sources"]

    assert finish_sync(connection, full=True).outcome == "complete"
    assert_equal_to(notion)
