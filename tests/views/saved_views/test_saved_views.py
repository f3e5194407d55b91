"""A list's search, filters, columns, order, groups and density are kept by a name."""

import re
from uuid import uuid4

import pytest
from django.db import connection

from integrations.models import Collection, SavedView
from integrations.services.items.saved_views import store
from integrations.services.notices.following import view_items
from tests.support.pages.tables import names
from tests.support.rows import make_collection, make_connection, make_item
from tests.views.items.tables.test_table import deal


def follow(client, address):
    page = client.get(address, follow=True)
    assert page.status_code == 200, address
    return page


def notes(page):
    return re.findall(r'data-code="(\w+)"', page.content.decode())


def table(collection, query=""):
    return f"/collections/{collection.pk}/{query}"


def test_a_view_opens_the_table_as_it_was_kept(as_alice, deals, keep):
    query = "?q=acme&amount__gt=1000&sort=-amount&group=dealstage"
    view = keep(table(deals, query + "&columns=dealstage,amount&density=compact"))

    page = follow(as_alice, view.get_absolute_url())

    assert names(page) == ["Acme for 12500", "Acme for 3000"]
    assert [c["label"] for c in page.context["columns"]] == [
        "Deal name",
        "Stage",
        "Amount",
    ]
    assert page.context["density"] == "compact"
    assert page.context["query"].group.id == "dealstage"
    assert page.context["query"].search == "acme"
    assert page.text.count('class="group-head"') == 1
    assert notes(page) == []
    assert 'aria-current="page"><bdi>Mine</bdi>' in page.content.decode()


def test_a_view_keeps_its_columns_when_the_table_gets_others(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    other = {"action": "save", "columns": ["closedate"], "density": "compact"}
    as_alice.post(table(deals, "columns/"), other)

    heads = [c["label"] for c in follow(as_alice, table(deals)).context["columns"]]
    kept = follow(as_alice, view.get_absolute_url())

    assert heads == ["Deal name", "Close date"]
    labels = ["Deal name", "Amount", "Stage", "Owner", "Close date", "Updated"]
    assert [c["label"] for c in kept.context["columns"]] == labels
    assert kept.context["density"] == "comfortable"


def test_a_change_is_marked_until_it_is_saved_or_discarded(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    page = follow(as_alice, view.get_absolute_url())
    sorted_url = next(
        c["sort_url"] for c in page.context["columns"] if c["label"] == "Amount"
    )

    changed = follow(as_alice, sorted_url)
    discarded = follow(as_alice, view.get_absolute_url())
    back = {"back": changed.context["view_back"]}
    saved = as_alice.post(f"/views/{view.pk}/save/", back, follow=True)

    assert notes(changed) == ["view_changed"]
    assert notes(discarded) == notes(saved) == []
    assert saved.context["query"].sort.id == "amount"
    as_new = as_alice.post("/views/new/", {**back, "name": "Sorted"}, follow=True)
    assert as_new.context["view"].name == "Sorted"
    assert SavedView.objects.count() == 2


def test_another_page_and_another_size_are_no_change(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))

    page = follow(as_alice, table(deals, f"?amount__gt=1000&size=25&view={view.pk}"))

    assert page.context["view"] == view
    assert notes(page) == []


def test_columns_chosen_in_a_view_are_a_change_of_it(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    back = follow(as_alice, view.get_absolute_url()).context["view_back"]
    form = {"action": "save", "columns": ["closedate"], "back": back}

    page = as_alice.post(table(deals, "columns/"), form, follow=True)

    assert [c["label"] for c in page.context["columns"]] == ["Deal name", "Close date"]
    assert notes(page) == ["view_changed"]
    plain = follow(as_alice, table(deals))
    assert len(plain.context["columns"]) == 6


def test_the_list_over_everything_has_views_of_its_own(as_alice, deals, keep):
    contacts = make_collection(deals.connection)
    make_item(contacts, name="Acme's Ana")
    view = keep("/items/?q=acme&type=contact&sort=name", "People of Acme")

    page = follow(as_alice, view.get_absolute_url())
    wider = follow(as_alice, f"/items/?q=acme&sort=name&view={view.pk}")

    assert [item.name for item in page.context["items"]] == ["Acme's Ana"]
    assert notes(page) == []
    assert notes(wider) == ["view_changed"]
    assert len(wider.context["items"]) == 4
    assert "People of Acme" not in follow(as_alice, table(deals)).content.decode()


@pytest.mark.parametrize("path", ["table", "items"])
def test_a_default_view_opens_first_and_everything_is_a_click_away(
    as_alice, deals, keep, path
):
    path = table(deals) if path == "table" else "/items/"
    query = "?amount__gt=1000" if path != "/items/" else "?q=3000"
    view = keep(path + query)
    form = {"name": "Mine", "is_default": "on"}
    as_alice.post(f"/views/{view.pk}/edit/", form)

    first = as_alice.get(path, follow=True)
    everything = follow(as_alice, first.context["everything_url"])

    assert first.context["view"] == view
    assert everything.context["view"] is None
    searched = follow(as_alice, f"{path}?q=12500")
    assert searched.context["view"] is None
    clear = searched.context["clear_url"]
    assert follow(as_alice, clear).context["view"] is None


def test_of_one_list_one_view_is_the_default(as_alice, deals, keep):
    first, second = keep(table(deals), "One"), keep(table(deals), "Two")
    everything = keep("/items/?q=a", "Three")

    for view in (first, everything, second):
        form = {"name": view.name, "is_default": "on"}
        assert as_alice.post(f"/views/{view.pk}/edit/", form).status_code == 302

    chosen = SavedView.objects.filter(is_default=True)
    assert {view.name for view in chosen} == {"Two", "Three"}


def test_a_view_is_renamed_copied_and_deleted_after_a_question(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    form = {"name": "Large ones", "is_shared": "on"}
    as_alice.post(f"/views/{view.pk}/edit/", form)
    as_alice.post(f"/views/{view.pk}/duplicate/")
    as_alice.post(f"/views/{view.pk}/duplicate/")

    asked = as_alice.get(f"/views/{view.pk}/delete/")
    assert asked.status_code == 200
    assert SavedView.objects.count() == 3
    as_alice.post(f"/views/{view.pk}/delete/")

    left = list(SavedView.objects.order_by("name"))
    assert [each.name for each in left] == [
        "Copy of Large ones",
        "Copy of Large ones 2",
    ]
    assert not any(each.is_shared for each in left)
    assert left[0].parameters == view.parameters


def test_no_two_views_of_a_list_have_one_name(as_alice, deals, keep):
    keep(table(deals), "One")
    other = keep(table(deals, "?amount__gt=1"), "Two")

    again = as_alice.post("/views/new/", {"back": table(deals), "name": " One "})
    renamed = as_alice.post(f"/views/{other.pk}/edit/", {"name": "One"})

    for answer in (again, renamed):
        assert answer.status_code == 400
        errors = answer.context["form"].errors.as_data()["name"]
        assert [error.code for error in errors] == ["name_taken"]
    assert SavedView.objects.get(pk=other.pk).name == "Two"


def test_two_that_are_to_open_a_list_at_once_are_told_apart(as_alice, deals, keep):
    first, second = keep(table(deals), "One"), keep(table(deals, "?amount__gt=1"), "B")
    raced = []

    def race(execute, sql, *args):
        """Make the other one the default, right before this one is saved."""
        if sql.startswith("UPDATE") and "Two" in args[0] and not raced:
            raced.append(sql)
            SavedView.objects.filter(pk=first.pk).update(is_default=True)
        return execute(sql, *args)

    with connection.execute_wrapper(race):
        form = {"name": "Two", "is_default": "on"}
        answer = as_alice.post(f"/views/{second.pk}/edit/", form)

    assert answer.status_code == 400
    errors = answer.context["form"].errors.as_data()
    assert [e.code for some in errors.values() for e in some] == ["default_taken"]


def test_number_and_size_are_bounded(as_alice, deals, keep, monkeypatch):
    choices = ",".join("x" * 190 + str(number) for number in range(30))
    form = {"back": table(deals, f"?item.name__in={choices}"), "name": "Long"}
    long = as_alice.post("/views/new/", form)
    view = keep(table(deals), "One")
    monkeypatch.setattr(store, "MOST_VIEWS", 1)
    more = as_alice.post("/views/new/", {"back": table(deals), "name": "Two"})
    copy = as_alice.post(f"/views/{view.pk}/duplicate/")

    assert long.context["form"].errors.as_data()["name"][0].code == "view_too_long"
    assert more.context["form"].errors.as_data()["name"][0].code == "too_many_views"
    assert copy.status_code == 302
    assert SavedView.objects.count() == 1


def test_what_is_gone_at_the_provider_is_left_out_said_and_mended(
    as_alice, deals, keep
):
    query = "?amount__gt=1000&description__contains=x&sort=description"
    view = keep(table(deals, query + "&columns=description,amount"))
    fields = [f for f in deals.schema["fields"] if f["name"] != "description"]
    Collection.objects.filter(pk=deals.pk).update(
        schema={**deals.schema, "fields": fields}
    )

    page = follow(as_alice, view.get_absolute_url())

    assert notes(page) == ["view_left_out"]
    told = page.context["view_left_out"]
    assert len(told) == 3
    assert all("“Description”" in text for text in told)
    assert len(names(page)) == 2
    back = {"back": page.context["view_back"]}
    mended = as_alice.post(f"/views/{view.pk}/save/", back, follow=True)
    assert notes(mended) == []
    assert len(names(mended)) == 2


def test_a_property_that_changed_its_type_is_left_out_too(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000&group=dealstage"))
    fields = [
        {**f, "kind": "text" if f["name"] in {"amount", "dealstage"} else f["kind"]}
        for f in deals.schema["fields"]
    ]
    Collection.objects.filter(pk=deals.pk).update(
        schema={**deals.schema, "fields": fields}
    )

    page = follow(as_alice, view.get_absolute_url())

    assert notes(page) == ["view_left_out"]
    assert len(page.context["view_left_out"]) == 2
    assert len(names(page)) == 3


def test_a_field_made_anew_by_the_same_name_is_the_same(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    fields = [
        {**f, "name": "value"} if f["name"] == "amount" else f
        for f in deals.schema["fields"]
    ]
    Collection.objects.filter(pk=deals.pk).update(
        schema={**deals.schema, "fields": fields}
    )

    page = follow(as_alice, view.get_absolute_url())

    assert [c.column.id for c in page.context["query"].conditions] == ["value"]
    assert page.context["view_left_out"] == ()


def test_a_view_waits_for_its_account_to_be_connected_again(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))
    account = deals.connection
    deals.delete()

    nothing = follow(as_alice, view.get_absolute_url())
    again = make_collection(account, remote_id="deals", name="Deals", item_type="deal")

    assert notes(nothing) == ["no_collection"]
    assert follow(as_alice, view.get_absolute_url()).context["collection"] == again


def test_a_view_of_a_removed_account_never_shows_another_account(
    as_alice, alice, deals, keep
):
    view = keep(table(deals, "?amount__gt=1000"))
    listed = keep(f"/items/?collection={deals.pk}", "Listed")
    other = make_connection(alice, account_name="Bits", remote_id="8:8")
    others = make_collection(other, remote_id="deals", name="Deals", item_type="deal")
    deal(others, "Not of it", "5000")
    deals.connection.delete()

    opened = follow(as_alice, view.get_absolute_url())
    everything = follow(as_alice, listed.get_absolute_url())

    assert notes(opened) == ["no_collection"]
    assert view_items.all_shown(view, alice, most=10) == set()
    assert notes(everything) == ["view_left_out"]
    assert everything.context["query"].collection is None


def test_an_unshared_view_of_somebody_else_is_a_404(as_bob, bobs_deals, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))

    assert as_bob.get(view.get_absolute_url()).status_code == 404
    foreign = follow(as_bob, table(bobs_deals, f"?view={view.pk}"))
    unknown = follow(as_bob, table(bobs_deals, f"?view={uuid4()}"))

    assert notes(foreign) == notes(unknown) == ["view_lost"]
    assert "Mine" not in foreign.content.decode()


@pytest.fixture
def shared(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000&sort=-amount"), "Large ones")
    as_alice.post(f"/views/{view.pk}/edit/", {"name": view.name, "is_shared": "on"})
    return view


def test_through_a_shared_view_others_see_their_own_items(as_bob, bobs_deals, shared):
    page = follow(as_bob, shared.get_absolute_url())

    assert names(page) == ["Bolt for 50000"]
    text = page.content.decode()
    assert "Large ones" in text
    for private in ("Acme", "alice", "1:1"):
        assert private not in text
    assert page.context["everything_url"] in text
    assert f"/views/{shared.pk}/edit/" not in text
    assert f"/views/{shared.pk}/save/" not in text
    for action in ("edit", "delete"):
        assert as_bob.get(f"/views/{shared.pk}/{action}/").status_code == 404
    for action in ("edit", "delete", "save", "duplicate"):
        assert as_bob.post(f"/views/{shared.pk}/{action}/").status_code == 404


def test_who_has_no_such_collection_is_told_so(as_bob, shared):
    page = follow(as_bob, shared.get_absolute_url())

    assert notes(page) == ["no_collection"]
    assert "Acme" not in page.content.decode()


def test_of_several_collections_one_is_asked_for(as_bob, bob, bobs_deals, shared):
    second = make_connection(bob, account_name="Bits", remote_id="8:8")
    make_collection(second, remote_id="deals", name="Deals", item_type="deal")

    page = follow(as_bob, shared.get_absolute_url())

    urls = [each["url"] for each in page.context["found"]]
    assert len(urls) == 2
    assert all(follow(as_bob, url).context["view"] == shared for url in urls)


def test_a_view_that_is_not_shared_any_more_is_gone_for_others(
    as_alice, as_bob, bobs_deals, shared
):
    url = follow(as_bob, shared.get_absolute_url()).context["view_back"]
    as_alice.post(f"/views/{shared.pk}/edit/", {"name": shared.name})

    page = follow(as_bob, url)

    assert as_bob.get(shared.get_absolute_url()).status_code == 404
    assert notes(page) == ["view_lost"]
    assert names(page) == ["Bolt for 50000"]


def test_a_shared_list_of_one_connection_is_of_the_others_own(
    as_alice, as_bob, bobs_deals, deals, keep
):
    view = keep(f"/items/?collection={deals.pk}&connection={deals.connection_id}")
    as_alice.post(f"/views/{view.pk}/edit/", {"name": view.name, "is_shared": "on"})

    page = follow(as_bob, view.get_absolute_url())

    query = page.context["query"]
    assert (query.collection, query.connection) == (bobs_deals.pk, None)
    assert notes(page) == ["view_left_out"]
    assert len(page.context["items"]) == 2
    assert "Acme" not in page.content.decode()


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example/items/",
        "https://evil.example/items/",
        "/collections/1/",
        "/collections/------------------------------------/",
        "http://[",
        "x" * 9000,
        "/connections/",
    ],
)
def test_an_address_that_is_no_list_is_a_404(as_alice, deals, back):
    assert as_alice.get("/views/new/", {"back": back}).status_code == 404


def test_a_list_of_somebody_else_is_a_404(as_bob, deals):
    form = {"back": table(deals), "name": "Mine"}

    assert as_bob.post("/views/new/", form).status_code == 404


def test_a_view_is_not_saved_over_by_another_list(as_alice, deals, keep):
    view = keep(table(deals, "?amount__gt=1000"))

    answer = as_alice.post(f"/views/{view.pk}/save/", {"back": "/items/?q=x"})

    assert answer.headers["Location"] == "/items/?q=x"
    assert SavedView.objects.get().parameters == view.parameters


def test_an_erased_user_leaves_no_view(alice, deals, keep):
    keep(table(deals), "One")

    alice.delete()

    assert not SavedView.objects.exists()


@pytest.mark.parametrize("kept_as", ["Acme, Inc", '"Acme, Inc"'])
def test_a_view_filters_by_a_value_with_a_comma(as_alice, deals, keep, kept_as):
    deal(deals, "Acme, Inc. renewal", "5")
    view = keep(table(deals, "?item.name__contains=Acme, Inc"))
    view.parameters = [["item.name__contains", kept_as]]
    view.save()

    page = follow(as_alice, view.get_absolute_url())

    assert names(page) == ["Acme, Inc. renewal"]
    assert not page.context["is_view_changed"]
