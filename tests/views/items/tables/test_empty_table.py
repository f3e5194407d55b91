"""An empty table says which of the reasons it is empty for."""

import pytest

from integrations.models import Connection
from integrations.models.collection import Completeness
from tests.support.rows import make_collection

STATE = Connection.State


@pytest.mark.parametrize(
    ("facts", "state", "code"),
    [
        ({"completeness": Completeness.PENDING}, STATE.ACTIVE, "syncing"),
        ({"completeness": Completeness.PENDING}, STATE.PAUSED, "waiting"),
        ({"completeness": Completeness.PENDING}, STATE.DISCONNECTED, "disconnected"),
        ({"completeness": Completeness.COMPLETE}, STATE.ACTIVE, "bare"),
        ({"completeness": Completeness.PARTIAL}, STATE.ACTIVE, "unread"),
        ({"completeness": Completeness.NO_PERMISSION}, STATE.ACTIVE, "no_permission"),
        ({"is_selected": False}, STATE.ACTIVE, "deselected"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_empty_table_says_why(as_alice, connection, facts, state, code):
    connection.state = state
    connection.save()
    collection = make_collection(connection, **facts)
    page = as_alice.get(f"/collections/{collection.pk}/")
    assert f'<div class="empty" data-code="{code}">' in page.content.decode()


def test_what_nothing_fits_is_not_called_empty(as_alice, connection):
    collection = make_collection(connection)
    page = as_alice.get(f"/collections/{collection.pk}/?q=nowhere")
    assert '<div class="empty">' in page.content.decode()
