"""A list that lacks a filter is not kept as a view; what leads on from it says so."""

from urllib.parse import urlencode

import pytest

from integrations.models import SavedView
from integrations.services.items.lists.query import MAX_SEARCH
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_item
from tests.views.items.test_rendered_choice import Forms
from tests.views.saved_views.test_saved_views import follow, notes, table


@pytest.fixture(params=["items", "table"])
@kept
def lacking(request, deals):
    """Return the address of a list whose filter cannot be used."""
    odd = {"items": "/items/?provider=nobody", "table": table(deals, "?gone__is=1")}
    return odd[request.param]


def test_no_view_is_made_of_it(as_alice, lacking):
    asked = as_alice.get(as_alice.get(lacking).context["view_create_url"])
    sent = {"back": asked.context["back"], "name": "Mine"}
    refused = as_alice.post("/views/new/", sent)

    assert notes(asked) == notes(refused) == ["left_out"]
    assert b'name="name"' not in asked.content
    assert refused.status_code == 400
    assert not SavedView.objects.exists()


def test_whoever_goes_on_without_the_filter_can_keep_the_list(as_alice, lacking):
    asked = as_alice.get(as_alice.get(lacking).context["view_create_url"])

    form = as_alice.get(asked.context["without_url"])
    sent = {"back": form.context["back"], "name": "Mine"}
    kept = as_alice.post("/views/new/", sent, follow=True)

    assert notes(form) == []
    assert kept.context["view"].name == "Mine"
    assert notes(kept) == []


def test_the_name_that_was_typed_goes_on_without_the_filter(as_alice, lacking):
    refused = as_alice.post("/views/new/", {"back": lacking, "name": "Mine & more"})

    form = as_alice.get(refused.context["without_url"])

    assert b'value="Mine &amp; more"' in form.content


def test_it_does_not_replace_what_a_view_keeps(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    page = as_alice.get(table(deals, f"?gone__is=1&view={view.pk}"))

    back = {"back": page.context["view_back"]}
    answer = as_alice.post(f"/views/{view.pk}/save/", back, follow=True)

    assert set(notes(answer)) == {"left_out", "view_changed"}
    view.refresh_from_db()
    assert view.parameters == [["amount__gt", "1000"]]


def test_a_copy_of_a_view_says_what_it_does_not_keep(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000&columns=dealstage"))
    deals.schema = {"fields": []}
    deals.save(update_fields=["schema"])
    page = follow(as_alice, view.get_absolute_url())

    asked = as_alice.get(page.context["view_create_url"])
    sent = {"back": asked.context["back"], "name": "Other"}
    copy = as_alice.post("/views/new/", sent, follow=True)

    assert notes(asked) == ["not_kept"]
    assert asked.context["not_kept"] == page.context["view_left_out"]
    assert len(asked.context["not_kept"]) == 2
    assert notes(copy) == []


def test_the_table_of_a_list_that_lacks_a_filter_lacks_it_too(as_alice, deals):
    page = as_alice.get(f"/items/?collection={deals.pk}&provider=nobody&q=acme")

    shown = as_alice.get(page.context["table_url"])

    assert page.context["table_url"] in page.content.decode().replace("&amp;", "&")
    assert shown.context["query"].search == "acme"
    assert Forms(shown).scopes == ["ticked", "page"]


def test_back_from_rows_of_a_search_it_is_still_said_to_be_shortened(
    as_alice, connection
):
    item = make_item(
        make_collection(connection, first_full_refresh_at=NOON), name="Quagga"
    )
    words = " ".join(["quagga"] * MAX_SEARCH)
    page = as_alice.get(f"/search/?{urlencode({'q': words})}")
    (path, fields), *_ = Forms(page).those_of("/rows/")

    chosen = as_alice.post(path, {**fields, "rows": "ticked", "item": str(item.uuid)})
    back = as_alice.get(chosen.context["place"].url)

    assert page.context["is_shortened"]
    assert back.context["is_shortened"]
    assert Forms(back).scopes == ["ticked", "page"]
