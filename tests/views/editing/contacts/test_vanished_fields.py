"""What has vanished from a form meanwhile is told, and clears nothing."""

import re
from typing import Any

import pytest
from django.test import Client

from integrations.models import Collection, Edit, Item
from tests.views.editing.contacts.fields import (
    VALUES,
    change_schema,
    edit_url,
    filled,
    make_edit,
)


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
