"""Pages on which a contact is edited: forms, what they send, and whose they are."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Collection, Connection, Edit, Item, ItemChange
from integrations.models.reasons import ReasonCode
from integrations.services.writing import outbox
from tests.support.rows import make_collection, make_connection, make_item

FIELDS = [
    {"name": "firstname", "label": "First name"},
    {"name": "email", "label": "E-mail", "kind": "email"},
    {"name": "city", "label": "City"},
    {"name": "notes", "label": "Notes", "is_long": True},
    {"name": "score", "label": "Score", "kind": "number", "group": "Details"},
    {"name": "vip", "label": "VIP", "kind": "boolean"},
    {"name": "due", "label": "Due", "kind": "date"},
    {"name": "met", "label": "Met", "kind": "datetime"},
    {
        "name": "stage",
        "label": "Stage",
        "kind": "choice",
        "options": {"lead": "Lead", "won": "Won", "old": "Old"},
        "retired": ["old"],
    },
    {
        "name": "topics",
        "label": "Topics",
        "kind": "choices",
        "options": {"a": "Ants", "b": "Bees"},
    },
    {"name": "owner", "label": "Owner", "kind": "user"},
    {"name": "made", "label": "Made", "kind": "datetime", "is_read_only": True},
]
OWNERS = {"1": "Ana", "2": "Ben (deactivated)"}
SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
VALUES = {
    "firstname": "Zoë",
    "email": "zoe@example.com",
    "city": " Bonn ",
    "notes": "one\r\ntwo",
    "score": "1.50",
    "vip": "true",
    "due": "1795305600000",
    "met": "2026-11-22T10:00:30.250Z",
    "stage": "old",
    "topics": "b;a;gone",
    "owner": "2",
    "made": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def connection(alice: User) -> Connection:
    return make_connection(alice, granted_scopes=SCOPES, is_editing=True)


@pytest.fixture
def contacts(connection: Connection) -> Collection:
    schema = {"fields": FIELDS, "lookups": {"owner": OWNERS}}
    return make_collection(connection, schema=schema)


@pytest.fixture
def item(contacts: Collection) -> Item:
    return make_item(contacts, name="Zoë", properties=VALUES)


def edit_url(item: Item) -> str:
    return reverse("integrations:item-edit", args=(item.uuid,))


def filled(response: Any, **changes: Any) -> dict[str, Any]:
    """Return what a browser would send of a form, with some values typed in."""
    form = response.context["form"]
    data = {}
    for bound in form:
        value = bound.value()
        data[bound.html_name] = "" if value is None else value
    return {**data, **{f"p.{name}": value for name, value in changes.items()}}


def send(client: Client, url: str, **changes: Any) -> Any:
    return client.post(url, filled(client.get(url), **changes))


def make_edit(item: Item, **values: Any) -> Edit:
    defaults = {
        "connection": item.connection,
        "collection": item.collection,
        "item": item,
        "remote_id": item.remote_id,
        "order_key": f"{item.collection_id}:{item.remote_id}",
        "verb": "update",
        "created_by": item.connection.owner,
        "values": {"city": "Mine"},
        "base": {"city": "Bonn"},
    }
    return Edit.objects.create(**{**defaults, **values})


def test_a_form_that_is_saved_as_it_is_changes_nothing(
    as_alice: Client, item: Item, codes: Any
) -> None:
    as_alice.cookies["tz"] = "America/New_York"
    form = as_alice.get(edit_url(item))
    data = filled(form)
    # Another zone is known by now; the form was filled in the one it showed.
    as_alice.cookies["tz"] = "Asia/Tokyo"

    answer = as_alice.post(edit_url(item), data, follow=True)

    assert codes(answer) == ["unchanged"]
    assert not Edit.objects.exists()


def test_what_a_page_draws_of_a_value_is_not_sent_back(
    as_alice: Client, contacts: Collection, codes: Any
) -> None:
    odd = "\u202a+49 30 1\u202c\u200e\x1b"
    item = make_item(contacts, properties={**VALUES, "city": odd})
    form = as_alice.get(edit_url(item))
    shown = re.search(r'name="p.city" value="([^"]*)"', form.text)
    assert shown is not None

    answer = send(as_alice, edit_url(item), city=shown[1])
    assert codes(as_alice.get(answer.headers["Location"])) == ["unchanged"]
    send(as_alice, edit_url(item), city=f"{shown[1]}2")

    assert Edit.objects.get().values == {"city": "+49 30 12"}


@pytest.mark.parametrize(
    ("name", "typed", "sent"),
    [
        ("firstname", "田中 😀 שלום", "田中 😀 שלום"),
        ("city", "", ""),
        ("notes", "one\r\nthree", "one\nthree"),
        ("score", "-2.5", "-2.5"),
        ("score", " 7 ", "7"),
        ("email", "  New@a.example ", "New@a.example"),
        ("vip", "false", "false"),
        ("due", "2027-01-31", "2027-01-31"),
        ("met", "2026-11-22T12:30", "2026-11-22T17:30:00Z"),
        ("stage", "won", "won"),
        ("topics", ["b", "gone"], "b;gone"),
        ("topics", [], ""),
        ("owner", "1", "1"),
    ],
)
def test_a_value_that_was_typed_in_is_sent_in_the_providers_form(
    as_alice: Client, item: Item, name: str, typed: Any, sent: str
) -> None:
    as_alice.cookies["tz"] = "America/New_York"

    answer = send(as_alice, edit_url(item), **{name: typed})

    assert answer.status_code == 302
    edit = Edit.objects.get()
    assert edit.values == {name: sent}
    assert edit.base == {name: VALUES[name]}
    assert (edit.item, edit.created_by, edit.verb) == (item, item.owner, "update")


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("score", "many"),
        ("score", "1,5"),
        ("email", "nobody"),
        ("email", "  "),
        ("due", "2027-02-31"),
        ("stage", "hero"),
        ("owner", "3"),
    ],
)
def test_what_a_form_can_know_it_says_before_anything_is_sent(
    as_alice: Client, item: Item, name: str, typed: str
) -> None:
    answer = send(as_alice, edit_url(item), **{name: typed})

    assert answer.status_code == 400
    assert f'data-field="{name}"' in answer.content.decode()
    assert not Edit.objects.exists()


def test_a_form_offers_what_can_be_chosen_and_keeps_what_is_chosen(
    as_alice: Client, item: Item
) -> None:
    form = as_alice.get(edit_url(item)).context["form"]

    offered = {
        name: [value for value, _ in form.fields[f"p.{name}"].choices]
        for name in ("stage", "owner", "topics")
    }
    assert offered["stage"] == ["", "old", "lead", "won"]
    assert offered["owner"] == ["", "2", "1"]
    assert offered["topics"] == ["b", "a", "gone"]
    assert "p.made" not in form.fields


def change_schema(contacts: Collection, name: str, **changes: Any) -> None:
    """Change one field of the schema, or take it away."""
    fields = [each for each in FIELDS if each["name"] != name or changes]
    contacts.schema["fields"] = [
        {**each, **changes} if each["name"] == name else each for each in fields
    ]
    contacts.save()


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("name", ["city", "topics", "met", "score"])
def test_what_a_property_is_for_stands_at_its_field(
    as_alice: Client, item: Item, contacts: Collection, name: str, *, is_long: bool
) -> None:
    told = "Where <b>they</b> are. "
    change_schema(contacts, name, description=told * (20 if is_long else 1))

    page = send(as_alice, edit_url(item), due="x") if is_long else None
    text = (page or as_alice.get(edit_url(item))).content.decode()

    assert f'aria-describedby="field-{name}-help"' in text
    described = text.split(f'id="field-{name}-help"')[1].split("</div>")[0]
    assert "Where &lt;b&gt;they&lt;/b&gt; are." in described
    assert ("<details>" in described) is is_long


def test_a_control_is_described_by_its_error_and_its_help(
    as_alice: Client, item: Item, contacts: Collection
) -> None:
    change_schema(contacts, "score", description="From 1 to 10.")

    text = send(as_alice, edit_url(item), score="x").content.decode()

    ids = "field-score-error field-score-help"
    assert f'aria-describedby="{ids}"' in text
    assert all(f'id="{each}"' in text for each in ids.split())


@pytest.mark.parametrize("changes", [{}, {"is_read_only": True}])
@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [("city", "Köln", "Köln"), ("topics", ["a"], "a"), ("due", "", "")],
)
def test_what_was_typed_into_a_field_that_has_vanished_is_told_and_not_lost(
    as_alice: Client,
    item: Item,
    contacts: Collection,
    changes: dict[str, Any],
    name: str,
    typed: Any,
    told: str,
) -> None:
    url = edit_url(item)
    data = filled(as_alice.get(url), firstname="Zoe", **{name: typed})
    change_schema(contacts, name, **changes)

    answer = as_alice.post(url, data)

    assert answer.status_code == 400
    assert 'data-code="lost_fields"' in answer.content.decode()
    assert told in " ".join(answer.context["form"].non_field_errors())
    assert not Edit.objects.exists()
    # Whoever has seen it saves the rest.
    assert as_alice.post(url, filled(answer)).status_code == 302
    assert Edit.objects.get().values == {"firstname": "Zoe"}


def test_a_field_that_has_vanished_and_was_not_typed_into_is_no_matter(
    as_alice: Client, item: Item, contacts: Collection
) -> None:
    data = filled(as_alice.get(edit_url(item)), firstname="Zoe")
    for name in ("notes", "met", "topics"):
        change_schema(contacts, name)

    assert as_alice.post(edit_url(item), data).status_code == 302
    assert Edit.objects.get().values == {"firstname": "Zoe"}


@pytest.mark.parametrize(
    ("name", "typed"), [("stage", "won"), ("topics", ["a", "b", "gone"])]
)
def test_an_option_that_has_vanished_clears_nothing(
    as_alice: Client, item: Item, contacts: Collection, name: str, typed: Any
) -> None:
    url = edit_url(item)
    item.properties = {**VALUES, "topics": "gone"}
    item.save()
    data = filled(as_alice.get(url), **{name: typed})
    change_schema(contacts, name, options={"c": "Cats"}, retired=[])

    answer = as_alice.post(url, data)

    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'data-field="{name}"' in page
    for value in [typed] if isinstance(typed, str) else typed:
        option = re.search(rf'value="{value}"[^>]*(selected|checked)', page)
        assert option is not None, value
    # Saved as it is shown, it says so again.
    assert as_alice.post(url, filled(answer)).status_code == 400
    assert not Edit.objects.exists()


def test_a_refused_option_that_has_vanished_is_shown_to_be_corrected(
    as_alice: Client, item: Item
) -> None:
    refused = {"stage": ["invalid_option", ""]}
    edit = make_edit(item, state="refused", refused=refused, values={"stage": "hero"})
    url = f"{edit_url(item)}?correct={edit.uuid}"

    page = as_alice.get(url)

    assert re.search(r'value="hero"[^>]*selected', page.content.decode())
    assert as_alice.post(url, filled(page)).status_code == 400
    assert Edit.objects.get() == edit


def test_a_form_that_is_sent_twice_is_one_edit(as_alice: Client, item: Item) -> None:
    data = filled(as_alice.get(edit_url(item)), city="Köln")

    answers = [as_alice.post(edit_url(item), data) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Edit.objects.count() == 1


def test_a_form_that_is_sent_again_corrected_is_a_further_edit(
    as_alice: Client, item: Item
) -> None:
    first = filled(as_alice.get(edit_url(item)), city="Kön")

    as_alice.post(edit_url(item), first)
    for _ in range(2):
        as_alice.post(edit_url(item), {**first, "p.city": "Köln"})

    made = Edit.objects.order_by("pk").values_list("base", "values")
    before = item.properties.get("city")
    assert list(made) == [
        ({"city": before}, {"city": "Kön"}),
        ({"city": "Kön"}, {"city": "Köln"}),
    ]
    as_alice.post(edit_url(item), {**first, "p.city": before or ""})
    latest = Edit.objects.order_by("-pk").values_list("values", flat=True)[0]
    assert (latest["city"] or "") == (before or "")


def test_a_second_edit_begins_where_the_first_one_will_end(
    as_alice: Client, item: Item
) -> None:
    send(as_alice, edit_url(item), city="Köln")

    send(as_alice, edit_url(item), city="Aachen")

    latest = Edit.objects.first()
    assert latest is not None
    assert (latest.base, latest.values) == ({"city": "Köln"}, {"city": "Aachen"})


def test_a_form_that_was_altered_sends_nothing(as_alice: Client, item: Item) -> None:
    data = {**filled(as_alice.get(edit_url(item)), city="X"), "base": "forged"}

    answer = as_alice.post(edit_url(item), data)

    assert answer.status_code == 302
    assert not Edit.objects.exists()


def test_a_new_contact_needs_an_address(as_alice: Client, contacts: Collection) -> None:
    url = reverse("integrations:item-create", args=(contacts.pk,))

    refused = send(as_alice, url, firstname="Kim")
    taken = send(as_alice, url, firstname="Kim", email="kim@example.com")

    assert refused.status_code == 400
    edit = Edit.objects.get()
    assert taken.url == edit.get_absolute_url()
    assert edit.values == {"firstname": "Kim", "email": "kim@example.com"}


def test_archiving_is_asked_for_first(as_alice: Client, item: Item) -> None:
    url = reverse("integrations:item-archive", args=(item.uuid,))

    assert as_alice.get(url).status_code == 200
    assert not Edit.objects.exists()
    assert as_alice.post(url, {"key": uuid4()}).status_code == 302
    assert Edit.objects.get().verb == "archive"


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


@pytest.mark.parametrize(
    "name", ["item-edit", "item-archive", "item-detail-live", "edit-detail"]
)
@pytest.mark.parametrize("is_administrator", [False, True])
def test_nobody_elses_contacts_can_be_edited(
    as_bob: Client,
    bob: User,
    item: Item,
    contacts: Collection,
    name: str,
    *,
    is_administrator: bool,
) -> None:
    bob.is_staff = bob.is_superuser = is_administrator
    bob.save()
    edit = make_edit(item)
    key = edit.uuid if name.startswith("edit") else item.uuid

    url = reverse(f"integrations:{name}", args=(key,))
    answers = [as_bob.get(url), as_bob.post(url)]
    for act in ("undo", "discard", "decide"):
        url = reverse(f"integrations:edit-{act}", args=(edit.uuid,))
        answers.append(as_bob.post(url))
    url = reverse("integrations:item-create", args=(contacts.pk,))
    answers += [as_bob.get(url), as_bob.post(url)]

    assert {answer.status_code for answer in answers} <= {404, 405}
    assert answers[0].status_code == 404
    assert Edit.objects.get().state == "waiting"


def test_without_editing_a_form_leads_to_where_it_is_switched_on(
    as_alice: Client, item: Item
) -> None:
    Connection.objects.update(is_editing=False)

    answer = as_alice.get(edit_url(item))

    assert answer.url.endswith("#editing")
    assert edit_url(item) not in as_alice.get(item.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"is_editing": False}, "editing_off"),
        ({"granted_scopes": SCOPES[:2]}, "not_permitted"),
        ({"state": "disconnected"}, "not_connected"),
    ],
)
def test_who_cannot_edit_is_told_what_is_missing(
    as_alice: Client, item: Item, known: dict[str, Any], code: str
) -> None:
    Connection.objects.update(**known)
    contacts = item.collection_id

    for address in (edit_url(item), f"/collections/{contacts}/import/"):
        page = as_alice.get(address, follow=True)

        assert [each.extra_tags for each in page.context["messages"]] == [code]


def test_switching_editing_on_asks_for_the_permission_and_off_gives_it_up(
    as_alice: Client, connection: Connection
) -> None:
    Connection.objects.update(is_editing=False, granted_scopes=SCOPES[:2])
    url = reverse("integrations:connection-editing", args=(connection.pk,))
    authorize = reverse("integrations:authorize", args=("hubspot",))

    def consent() -> str:
        answer = as_alice.post(authorize, {"connection": connection.pk})
        return str(answer.url)

    assert SCOPES[2] not in consent()
    asked = as_alice.post(url, {"on": "1"}, follow=True)
    assert SCOPES[2] in asked.content.decode()
    assert SCOPES[2] in consent()
    Connection.objects.update(granted_scopes=SCOPES)
    given_up = as_alice.post(url, {"on": "0"}, follow=True)
    assert given_up.context["can_change"] == []
    assert SCOPES[2] not in consent()


def test_a_new_account_is_never_asked_for_the_permission_to_write(
    as_alice: Client, connection: Connection
) -> None:
    authorize = reverse("integrations:authorize", args=("hubspot",))

    assert SCOPES[2] not in as_alice.post(authorize).url


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
