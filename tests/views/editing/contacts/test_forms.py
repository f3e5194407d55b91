"""Forms in which a contact is edited, and what they send."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Collection, Edit, Item
from tests.support.rows import make_item
from tests.views.editing.contacts.fields import (
    VALUES,
    change_schema,
    edit_url,
    filled,
    send,
)


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


def test_what_is_chosen_and_not_offered_any_more_has_its_name(
    as_alice: Client, item: Item
) -> None:
    url = edit_url(item)
    page = as_alice.get(url)
    data = filled(page)
    item.properties = {**VALUES, "owner": "1", "stage": "won"}
    item.save()

    fields = page.context["form"].fields
    assert dict(fields["p.owner"].choices)["2"] == "Ben (deactivated)"
    assert dict(fields["p.stage"].choices)["old"] == "Old"
    # Somebody else chose another one meanwhile.
    newer = as_alice.get(url).context["form"]["base"].value()
    refused = as_alice.post(url, {**data, "base": newer})
    assert refused.status_code == 400
    assert "Ben (deactivated) (not offered any more)" in refused.text


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
