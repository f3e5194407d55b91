"""Who may edit, and where editing is switched on and off."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.models import Collection, Connection, Edit, Item
from tests.views.editing.contacts.fields import SCOPES, edit_url, make_edit


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
