"""Pages tell what became of an edit, and offer what can be done about it."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import Collection, Connection, Edit, Item, ItemChange
from integrations.models.reasons import ReasonCode
from integrations.services.writing import outbox
from tests.support.rows import make_item
from tests.views.editing.contacts.fields import edit_url, filled, make_edit


def test_a_refused_value_has_its_reason_beside_its_field(
    as_alice: Client, item: Item
) -> None:
    refused = {"score": ["invalid_number", "no number"], "odd": ["required", ""]}
    edit = make_edit(item, state="refused", refused=refused, values={"score": "x1"})

    page = as_alice.get(f"{edit_url(item)}?correct={edit.uuid}")
    text = page.content.decode()
    data = filled(page, score="7")
    as_alice.post(f"{edit_url(item)}?correct={edit.uuid}", data)

    assert 'data-field="score"' in text
    assert page.context["form"]["p.score"].value() == "x1"
    assert page.context["other_refusals"]
    edit.refresh_from_db()
    assert (edit.state, edit.reason) == ("cancelled", ReasonCode.DECIDED)
    assert Edit.objects.get(state="waiting").values == {"score": "7"}


def test_a_refused_edit_that_is_corrected_to_what_is_there_is_over(
    as_alice: Client, item: Item
) -> None:
    now = outbox.shown_values(item)["score"] or ""
    edit = make_edit(item, state="refused", values={"score": "x1"})
    url = f"{edit_url(item)}?correct={edit.uuid}"

    as_alice.post(url, filled(as_alice.get(url), score=now))

    edit.refresh_from_db()
    assert (edit.state, edit.reason) == ("cancelled", ReasonCode.DECIDED)
    assert not Edit.objects.open().exists()


def test_a_refused_address_leads_to_whoever_has_it(
    as_alice: Client, item: Item, contacts: Collection
) -> None:
    other = make_item(contacts, remote_id="77", name="Ben")
    edit = make_edit(
        item,
        state="refused",
        reason=ReasonCode.VALUES_REFUSED,
        reason_data={"existing": "77"},
        values={"email": "ben@example.com"},
        refused={"email": ["taken", ""]},
    )

    for url in (
        item.get_absolute_url(),
        edit.get_absolute_url(),
        f"{edit_url(item)}?correct={edit.uuid}",
    ):
        page = as_alice.get(url).content.decode()
        assert f'href="{other.get_absolute_url()}"' in page, url


def test_a_conflict_shows_both_values_and_sends_what_was_chosen(
    as_alice: Client, item: Item
) -> None:
    edit = make_edit(item, state="conflict", theirs={"city": "Theirs"})
    url = edit.get_absolute_url()

    page = as_alice.get(url).content.decode()
    as_alice.post(f"{url}decide/", {"choice.city": "mine", "key": uuid4()})

    assert "Theirs" in page
    assert "Mine" in page
    chosen = Edit.objects.get(state="waiting")
    assert (chosen.base, chosen.values) == ({"city": "Theirs"}, {"city": "Mine"})


@pytest.mark.parametrize(
    "state", ["waiting", "sending", "unknown", "saved", "refused", "conflict"]
)
def test_an_items_page_shows_where_its_edits_are(
    as_alice: Client, item: Item, state: str
) -> None:
    make_edit(item, state=state)

    page = as_alice.get(item.get_absolute_url()).content.decode()

    assert f'data-state="{state}"' in page
    is_looking = "hx-trigger" in page
    assert is_looking == (state in Edit.OPEN)


@pytest.mark.parametrize("is_cancelled", [False, True])
@pytest.mark.parametrize("connection_state", ["active", "paused"])
def test_no_answer_is_called_lost_before_its_worker_is(
    as_alice: Client, item: Item, connection_state: str, *, is_cancelled: bool
) -> None:
    now = timezone.now()
    times = {"sent_at": now, "cancelled_at": now if is_cancelled else None}
    lease = {"lease_id": uuid4(), "lease_until": now + Edit.lease_length() / 2}
    edit = make_edit(item, state="sending", **times, **lease)
    Connection.objects.update(state=connection_state)
    discard = reverse(
        "integrations:connection-discard-edits", args=(item.connection_id,)
    )

    sending = as_alice.get(edit.get_absolute_url()).content.decode()
    Edit.objects.update(lease_until=now - Edit.lease_length())
    killed = as_alice.get(edit.get_absolute_url()).content.decode()

    assert "was lost" not in sending
    assert "was lost" in killed
    assert "was lost" in as_alice.post(discard, follow=True).content.decode()
    Edit.objects.update(lease_until=lease["lease_until"])
    assert "was lost" not in as_alice.post(discard, follow=True).content.decode()


def test_an_open_page_is_sent_what_became_of_an_edit(
    as_alice: Client, item: Item
) -> None:
    edit = make_edit(item, state="sending")
    page = as_alice.get(item.get_absolute_url()).content.decode()
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    url = reverse("integrations:item-detail-live", args=(item.uuid,))
    Edit.objects.filter(pk=edit.pk).update(state="saved")

    same = as_alice.get(url, {"seen": seen}).content.decode()

    assert 'hx-swap-oob="innerHTML:#live-edits"' in same
    assert "live-properties" not in same
    assert "hx-trigger" not in same


def test_the_latest_edit_can_be_undone_from_its_item(
    as_alice: Client, item: Item
) -> None:
    change = ItemChange.objects.create(
        item=item,
        at=datetime.now(UTC),
        kind="changed",
        fields={"properties.city": ["Bonn", "Mine"]},
    )
    edit = make_edit(item, state="saved", change=change)
    url = reverse("integrations:edit-undo", args=(edit.uuid,))

    assert url in as_alice.get(item.get_absolute_url()).content.decode()
    as_alice.post(url)

    assert Edit.objects.get(state="waiting").values == {"city": "Bonn"}


def test_a_connections_page_tells_of_waiting_changes_and_discards_them(
    as_alice: Client, connection: Connection, item: Item
) -> None:
    edit = make_edit(item)
    Connection.objects.update(state="paused")
    url = reverse("integrations:connection-discard-edits", args=(connection.pk,))

    page = as_alice.get(connection.get_absolute_url()).content.decode()
    as_alice.post(url)

    assert url in page
    edit.refresh_from_db()
    assert (edit.state, edit.reason) == ("cancelled", ReasonCode.DISCARDED)


def test_what_a_write_replaced_is_offered_and_cannot_be_discarded(
    as_alice: Client, item: Item
) -> None:
    edit = make_edit(
        item,
        state="conflict",
        reason=ReasonCode.OVERWROTE,
        theirs={"city": "Theirs"},
        values={"city": "Mine", "firstname": "Zoe"},
    )

    page = as_alice.get(edit.get_absolute_url()).content.decode()

    assert 'name="choice.city" value="theirs"' in " ".join(page.split())
    assert 'name="choice.firstname"' not in page
    discard = reverse("integrations:edit-discard", args=(edit.uuid,))
    assert discard not in page
    as_alice.post(discard)
    as_alice.post(
        reverse("integrations:edit-decide", args=(edit.uuid,)),
        {"choice.city": "theirs"},
    )
    edit.refresh_from_db()
    assert edit.state == "saved"
    back = Edit.objects.exclude(pk=edit.pk).get()
    assert (back.base, back.values) == ({"city": "Mine"}, {"city": "Theirs"})


@pytest.mark.parametrize(
    ("state", "says_so"),
    [("active", False), ("needs_reconnect", True), ("paused", True)],
)
def test_a_connection_that_cannot_send_says_that_changes_wait(
    as_alice: Client, contacts: Collection, state: str, says_so: bool
) -> None:
    connection = contacts.connection
    Connection.objects.update(state=state)

    page = as_alice.get(connection.get_absolute_url()).content.decode()

    assert ('data-code="edits_wait"' in page) is says_so


def test_an_items_page_asks_once_whether_it_has_edits(
    as_alice: Client, item: Item
) -> None:
    with CaptureQueriesContext(database) as queries:
        page = as_alice.get(item.get_absolute_url())

    told = [str(each["sql"]) for each in queries]
    assert page.status_code == 200
    assert len([sql for sql in told if 'FROM "integrations_edit"' in sql]) == 1, told
