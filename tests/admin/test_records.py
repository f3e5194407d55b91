"""The admin's other lists: read, searched, counted with care, never edited."""

import html
import json
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from integrations.admin.base import BoundedPaginator
from integrations.models import (
    AuditEvent,
    BulkEdit,
    Edit,
    FailedRevocation,
    Item,
    ItemChange,
    Preferences,
    ProviderState,
    RefreshAttempt,
    SpotCheck,
)
from integrations.models.sync.progress import CollectionProgress, ProgressState
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_finished_run, make_item, make_items

READ_ONLY = [
    "syncrun",
    "refreshattempt",
    "auditevent",
    "providerstate",
    "collection",
    "item",
    "spotcheck",
    "failedrevocation",
    "edit",
    "bulkedit",
]


@pytest.fixture
@kept
def one_of_each(connection, collection):
    """Make a row of everything that has a page; return them by model name."""
    run = make_finished_run(connection)
    item = make_item(collection, name="Ada", properties={"email": "ada@example.com"})
    many = BulkEdit.objects.create(
        connection=connection, collection=collection, confirmed_at=NOON, field="city"
    )
    edit = Edit.objects.create(
        connection=connection,
        collection=collection,
        item=item,
        bulk_edit=many,
        verb="update",
        state="refused",
        reason="values_refused",
    )
    ItemChange.objects.create(item=item, run=run, at=NOON, kind="changed", fields={})
    return {
        "syncrun": run,
        "refreshattempt": RefreshAttempt.objects.create(
            id=run.pk, connection=connection, why="schedule"
        ),
        "auditevent": AuditEvent.objects.create(event="connection.connected"),
        "providerstate": ProviderState.objects.create(provider="hubspot", reason="odd"),
        "collection": collection,
        "item": item,
        "spotcheck": SpotCheck.objects.create(
            collection=collection,
            number=0,
            parts=1,
            population=340,
            checked=340,
            differing=2,
            began_at=NOON,
        ),
        "failedrevocation": FailedRevocation.objects.create(
            provider="hubspot", account_id="77:1", error="invalid_request"
        ),
        "connection": connection,
        "edit": edit,
        "bulkedit": many,
    }


def test_an_edit_is_found_by_whole_ids_alone(as_staff, one_of_each):
    edit, many = one_of_each["edit"], one_of_each["bulkedit"]
    Edit.objects.filter(pk=edit.pk).update(remote_id="9001", correlation_id="c-1")

    def found(query):
        page = as_staff.get("/admin/integrations/edit/", {"q": query})
        return page.context["cl"].result_count

    assert [found(q) for q in (edit.uuid, many.uuid, "9001", "c-1")] == [1, 1, 1, 1]
    assert [found(q) for q in (str(edit.uuid)[:8], "900", "x'")] == [0, 0, 0]


@pytest.mark.parametrize("model", READ_ONLY)
def test_records_are_read_and_never_written(as_staff, one_of_each, model):
    base = f"/admin/integrations/{model}/"
    own = f"{base}{one_of_each[model].pk}/"

    assert as_staff.get(base).status_code == 200
    assert as_staff.get(f"{base}?q=a").status_code == 200
    page = as_staff.get(f"{own}change/")

    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    for path in (f"{base}add/", f"{own}change/", f"{own}delete/"):
        assert as_staff.post(path, {}).status_code == 403, path


@pytest.mark.parametrize(("found", "number"), [("differing", 1), ("missing", 0)])
def test_spot_checks_are_listed_by_what_they_found(
    as_staff, one_of_each, found, number
):
    page = as_staff.get(f"/admin/integrations/spotcheck/?found={found}")

    assert page.context["cl"].result_count == number


def test_every_list_and_page_of_the_admin_opens(as_staff, one_of_each):
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"

        assert as_staff.get(base).status_code == 200, base


def test_no_page_of_the_admin_shows_a_sealed_token(as_staff, one_of_each, connection):
    from tests.support.rows import make_credential

    credential = make_credential(connection)
    paths = ["/admin/"]
    for name, row in one_of_each.items():
        base = f"/admin/integrations/{name}/"
        paths += [base, f"{base}{row.pk}/change/", f"{base}{row.pk}/history/"]

    for path in paths:
        page = as_staff.get(path).content.decode()

        assert credential.access_token not in page, path
        assert credential.refresh_token not in page, path


@pytest.mark.parametrize("model", [*READ_ONLY, "connection"])
def test_a_longer_list_takes_no_more_queries(
    as_staff, connection, collection, model, django_assert_max_num_queries
):
    make_items(collection, [{"name": f"Item {n}"} for n in range(40)])
    for n in range(40):
        run = make_finished_run(connection)
        RefreshAttempt.objects.create(id=run.pk, connection=connection, why="x")
        AuditEvent.objects.create(event="x", user=connection.owner)
        if n < 10:
            ProviderState.objects.create(provider=f"p{n}")

    as_staff.get("/admin/")

    with django_assert_max_num_queries(14):
        as_staff.get(f"/admin/integrations/{model}/")


def test_items_are_searched_as_the_product_searches(as_staff, collection):
    ada = make_item(collection, name="Ada", properties={"email": "ada@example.com"})
    make_item(collection, name="Bert")

    page = as_staff.get("/admin/integrations/item/?q=exam+ad")

    assert list(page.context["cl"].result_list) == [ada]
    assert page.context["cl"].show_full_result_count is False


@pytest.mark.parametrize(("answer", "name"), [("no", "Here"), ("yes", "Gone")])
def test_items_are_filtered_by_existence(as_staff, collection, answer, name):
    make_item(collection, name="Here")
    make_item(collection, name="Gone", deleted_at=NOON)

    page = as_staff.get(f"/admin/integrations/item/?deleted={answer}&type=contact")

    assert [item.name for item in page.context["cl"].result_list] == [name]


def test_a_big_table_is_counted_only_so_far(collection, monkeypatch):
    make_items(collection, [{"name": "x"} for _ in range(30)])
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 20)

    bounded = BoundedPaginator(Item.objects.order_by("pk"), 10)
    assert (bounded.count, bounded.count_text) == (20, "20+")
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 30)
    exact = BoundedPaginator(Item.objects.order_by("pk"), 10)
    assert (exact.count, exact.count_text) == (30, "30")
    assert BoundedPaginator([1, 2, 3], 10).count == 3


def test_the_list_says_that_there_are_more_than_it_counted(
    as_staff, collection, monkeypatch
):
    make_items(collection, [{"name": "x"} for _ in range(30)])
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 20)

    page = as_staff.get("/admin/integrations/item/").content.decode()

    assert "20+ found" in " ".join(page.split())
    assert "20+ items" in " ".join(page.split())
    assert "30" not in page.partition('class="paginator"')[2].partition("</p>")[0]


@pytest.mark.parametrize("is_chosen", [True, False], ids=["account", "browser"])
def test_every_page_names_the_zone_of_its_times(as_staff, staff, connection, is_chosen):
    run = make_finished_run(connection, queued_at=NOON)
    as_staff.cookies["tz"] = "America/New_York" if is_chosen else "Asia/Tokyo"
    if is_chosen:
        Preferences.objects.create(user=staff, time_zone="Asia/Tokyo")

    pages = [
        as_staff.get(path).content.decode()
        for path in (
            "/admin/",
            "/admin/integrations/syncrun/",
            f"/admin/integrations/syncrun/{run.pk}/change/",
            f"/admin/integrations/connection/{connection.pk}/change/",
        )
    ]

    assert all("Times are in Asia/Tokyo." in page for page in pages)
    assert all("21:00 JST" in page for page in pages[1:])
    assert not any("12:00" in page or "noon" in page for page in pages)


def test_a_run_links_to_the_collections_it_has_read(as_staff, connection, collection):
    noted = CollectionProgress(name="Contacts & co", state=ProgressState.DONE, seen=7)
    account = CollectionProgress(name="List of collections", state=ProgressState.FAILED)
    run = make_finished_run(
        connection,
        progress={str(collection.pk): noted.to_json(), "account": account.to_json()},
    )

    page = as_staff.get(f"/admin/integrations/syncrun/{run.pk}/change/")

    text = page.content.decode()
    link = f"/admin/integrations/collection/{collection.pk}/change/"
    assert f'<a href="{link}">Contacts &amp; co</a>' in text
    assert "<td>7</td>" in text
    assert "<td>List of collections</td>" in text
    assert "&quot;state&quot;" not in text


@pytest.mark.parametrize(
    ("model", "column", "value"),
    [
        ("collection", "checkpoint", {"kind": "full_refresh"}),
        ("collection", "held_deletions", {"count": 3, "sample": ["<b>"]}),
        ("item", "properties", {"city": "<b>"}),
        ("auditevent", "facts", {"model": "Item", "detail": "<b>"}),
    ],
)
def test_json_is_shown_so_that_it_can_be_read(
    as_staff, one_of_each, model, column, value
):
    row = one_of_each[model]
    type(row).objects.filter(pk=row.pk).update(**{column: value})

    page = as_staff.get(f"/admin/integrations/{model}/{row.pk}/change/")

    text = html.unescape(page.content.decode())
    assert json.dumps(value, indent=2) in text
    assert "<b>" not in page.content.decode()


@pytest.mark.parametrize(
    ("event", "facts", "model"),
    [
        ("connection.paused", {}, "connection"),
        ("admin.action", {"model": "SyncRun"}, "syncrun"),
        ("deletions.approved", {}, "collection"),
    ],
)
def test_what_an_event_is_about_is_a_link(as_staff, one_of_each, event, facts, model):
    pk = str(one_of_each[model].pk)
    made = AuditEvent.objects.create(event=event, subject=pk, facts=facts)
    link = f'href="/admin/integrations/{model}/{pk}/change/"'

    assert link in as_staff.get("/admin/integrations/auditevent/").content.decode()
    own = as_staff.get(f"/admin/integrations/auditevent/{made.pk}/change/")
    assert link in own.content.decode()


def test_what_an_event_is_about_may_be_anything(as_staff):
    AuditEvent.objects.create(event="keys.rotated", subject="<k1>")
    AuditEvent.objects.create(event="connection.connected")

    page = as_staff.get("/admin/integrations/auditevent/")

    assert "&lt;k1&gt;" in page.content.decode()


def test_hostile_properties_stay_text(as_staff, collection):
    item = make_item(collection, properties={"name": "<script>alert(1)</script>"})

    page = as_staff.get(f"/admin/integrations/item/{item.pk}/change/")

    assert b"<script>alert" not in page.content
    assert b"&lt;script&gt;alert" in page.content


def test_a_providers_pause_can_be_cleared(as_staff):
    until = timezone.now() + timedelta(minutes=5)
    ProviderState.objects.create(
        provider="hubspot", reason="client_rejected", paused_until=until
    )

    as_staff.post(
        "/admin/integrations/providerstate/",
        {"action": "clear_pause", "_selected_action": ["hubspot"]},
    )

    assert not ProviderState.objects.exists()
    assert LogEntry.objects.count() == AuditEvent.objects.count() == 1


@pytest.fixture
@kept
def held(collection):
    """Return a collection with an item whose deletion waits for somebody."""
    make_item(collection)
    collection.refresh_from_db()
    collection.held_deletions = {"count": 1, "generation": collection.generation}
    collection.save()
    return collection


@pytest.mark.parametrize(
    ("sent", "live"),
    [
        ({"action": "approve_deletions", "confirmed": "yes"}, 0),
        ({"action": "discard_deletions"}, 1),
    ],
)
def test_held_deletions_can_be_decided(as_staff, held, sent, live):
    seen = {f"generation_{held.pk}": held.hold.generation}
    as_staff.post(
        "/admin/integrations/collection/",
        {**sent, **seen, "_selected_action": [str(held.pk)]},
    )

    held.refresh_from_db()
    assert held.held_deletions == {}
    assert held.items.live().count() == live


def test_deletions_are_approved_after_a_look_at_how_many_they_are(as_staff, held):
    asked = as_staff.post(
        "/admin/integrations/collection/",
        {"action": "approve_deletions", "_selected_action": [str(held.pk)]},
    )

    assert 'data-held="1"' in asked.text
    assert f'name="generation_{held.pk}"' in asked.text
    held.refresh_from_db()
    assert held.hold.count == 1
    assert held.items.live().count() == 1


@pytest.mark.parametrize("seen", [{}, {"generation": "7"}, {"generation": "²"}])
def test_what_is_held_by_now_is_not_deleted_for_what_was_looked_at(
    as_staff, held, seen
):
    as_staff.post(
        "/admin/integrations/collection/",
        {
            "action": "approve_deletions",
            "confirmed": "yes",
            "_selected_action": [str(held.pk)],
            **{f"{name}_{held.pk}": value for name, value in seen.items()},
        },
    )

    assert held.items.live().count() == 1


def test_nothing_is_being_read_in_a_run_that_ended(as_staff, connection):
    run = make_finished_run(
        connection,
        outcome="failed",
        progress={"1": {"name": "Contacts", "state": "reading"}},
    )

    page = as_staff.get(f"/admin/integrations/syncrun/{run.pk}/change/")

    assert "Contacts" in page.text
    assert "stopped" in page.text
    assert "reading" not in page.text
