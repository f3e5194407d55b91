"""What users note in own columns never leaves for a provider."""

from typing import Any

import pytest

from integrations.providers.typed.fields import Text
from integrations.services.items.own_columns import store, values
from integrations.services.items.own_columns.load import typed_values
from tests.services.fixtures import FinishSync
from tests.services.writing.fixtures_of_edits import Desk


def test_neither_a_sync_nor_an_edit_sends_what_a_user_noted(
    synced_desk: Desk, finish_sync: FinishSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, sent = synced_desk, []
    send = desk.sandbox.send

    def watched(request: Any, *args: Any) -> Any:
        sent.append(repr((request.url, request.headers, request.body)))
        return send(request, *args)

    monkeypatch.setattr(desk.sandbox, "send", watched)
    item, user = desk.item(), desk.connection.owner
    column = store.create(
        user, desk.contacts, name="Secret-Name", kind="text", options=[]
    )
    values.set_values(item, desk.contacts, {column: "Secret-Value"})

    edit = desk.finish(desk.update(item, city="Oslo"))
    run = finish_sync(desk.connection, full=True)

    assert (edit.state, run.outcome) == ("saved", "complete")
    assert any("Oslo" in each for each in sent)
    assert not [each for each in sent if "Secret-" in each]
    item.refresh_from_db()
    item.own_values = None
    found = typed_values(item, desk.contacts, [column])
    assert found == {column.column_id: Text(text="Secret-Value")}
