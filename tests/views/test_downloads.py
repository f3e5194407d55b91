"""Large files: ordered by a page, made by a worker, fetched, deleted."""

import csv
import io
import json
import os
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import AuditEvent, Download, DownloadPart, Item, Preferences
from integrations.models.items.download import LEASE
from integrations.services.common import shutdown
from integrations.services.connections import disconnect
from integrations.services.items.downloads import making, orders
from integrations.services.upkeep import schedule
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.workbooks import body_of, rows_of

FORMATS = ["csv", "csv-utf8", "xlsx", "json", "ndjson"]


@pytest.fixture(autouse=True)
def small(settings, monkeypatch):
    settings.DOWNLOAD_ROWS_AT_ONCE = 3
    monkeypatch.setattr(making, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(making, "PART_BYTES", 100)


@pytest.fixture
@kept
def many(collection):
    for number in range(7):
        make_item(collection, name=f"Ada {number}")
    return collection


@pytest.fixture
def order(as_alice):
    """Return what orders the file of a table, or else of a list."""

    def do(collection=None, address="", form="csv", **fields):
        path = "/items/download/"
        if collection is not None:
            path = f"/collections/{collection.pk}/download/{address}"
        fields = {"form": form, "values": "shown", **fields}
        answer = as_alice.post(path, fields)
        assert answer.status_code == 302, answer
        return Download.objects.latest("id")

    return do


def page_of(client, download):
    answer = client.get(download.get_absolute_url())
    download.refresh_from_db()
    return answer


@pytest.mark.parametrize("form", FORMATS)
def test_a_large_table_is_made_by_a_worker_and_is_the_table(
    as_alice, settings, many, order, form
):
    address = "?sort=-item.name&item.name__not=Ada+3"
    download = order(many, address, form)

    making.make(download.pk)

    page = page_of(as_alice, download).content.decode()
    assert 'data-code="ready"' in page
    answer = as_alice.get(f"/downloads/{download.uuid}/file/")
    made = body_of(answer)
    assert int(answer["Content-Length"]) == len(made) == download.size
    assert (download.rows_done, download.rows_total) == (6, 6)
    settings.DOWNLOAD_ROWS_AT_ONCE = 100
    path = f"/collections/{many.pk}/download/{address}"
    at_once = as_alice.post(path, {"form": form, "values": "shown"})
    assert rows_of(made, form) == rows_of(body_of(at_once), form)
    for name in ("Content-Type", "Content-Disposition"):
        assert answer[name] == at_once[name]


def test_a_large_list_is_made_in_the_zone_of_its_user_with_its_filters(
    as_alice, alice, many, order
):
    Preferences.objects.create(user=alice, time_zone="Asia/Tokyo")
    make_item(many, name="Other")
    download = order(form="json", q="ada", sort="name", values="raw")

    making.make(download.pk)

    rows = json.loads(body_of(as_alice.get(f"/downloads/{download.uuid}/file/")))
    assert [row["name"] for row in rows] == [f"Ada {number}" for number in range(7)]
    assert rows[0]["last_modified_time"].endswith("+09:00")
    assert AuditEvent.objects.get(event="items.exported").user_id == alice.pk


def test_a_large_list_has_the_rows_of_all_providers_and_of_two_accounts_of_one(
    as_alice, alice, order
):
    accounts = [
        ("hubspot", "1:1"),
        ("airtable", "a"),
        ("airtable", "b"),
        ("notion", "n"),
    ]
    for provider, remote_id in accounts:
        connection = make_connection(alice, provider=provider, remote_id=remote_id)
        made = make_collection(connection)
        for number in range(3):
            make_item(made, name=f"{provider} {remote_id} {number}")
    shown = as_alice.get("/items/?sort=name&size=100").context["items"]
    download = order(form="csv", sort="name")

    making.make(download.pk)

    heads, *rows = rows_of(
        body_of(as_alice.get(f"/downloads/{download.uuid}/file/")), "csv"
    )
    names = [row[heads.index("Name")] for row in rows]
    assert names == [item.name for item in shown]
    assert len(names) == 3 * len(accounts)


def test_the_columns_of_the_order_hold_whatever_is_chosen_later(as_alice, many, order):
    download = order(many, "?columns=item.created")
    columns = {"columns": ["item.name"], "action": "save"}
    as_alice.post(f"/collections/{many.pk}/columns/", columns)

    making.make(download.pk)

    text = body_of(as_alice.get(f"/downloads/{download.uuid}/file/")).decode()
    assert next(csv.reader(io.StringIO(text))) == ["Name", "Created"]


def test_an_open_page_shows_the_rows_so_far_and_then_the_file(as_alice, many, order):
    download = order(many)
    Download.objects.update(state="making", rows_done=4, rows_total=7, attempts=1)
    page = page_of(as_alice, download)

    assert 'value="4"' in page.content.decode()
    assert page.context["live_seconds"]
    assert as_alice.get(f"/downloads/{download.uuid}/file/").status_code == 302
    Download.objects.update(state="waiting", attempts=0)
    making.make(download.pk)
    live = as_alice.get(page.context["live_url"])
    assert 'data-code="ready"' in live.content.decode()
    assert not live.context["live_seconds"]


class Killed(BaseException):
    """The end of a worker that is killed: no handler of ours runs."""


def test_what_a_dead_worker_began_is_begun_anew_and_says_so(
    as_alice, many, order, monkeypatch
):
    download = order(many, form="xlsx")
    with monkeypatch.context() as patched:
        patched.setattr(making, "_store", lambda *_: killed())
        patched.setattr(making, "_release", lambda *_: None)
        with suppress(Killed):
            making.make(download.pk)
    making.make(download.pk)
    assert Download.objects.get().state == "making"

    Download.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert orders.send_due() == 1
    with monkeypatch.context() as patched:
        patched.setattr(making, "_store", lambda *_: stop_here(as_alice, download))
        making.make(download.pk)
    making.make(download.pk)

    assert page_of(as_alice, download).context["download"].is_done
    assert download.attempts == 3
    assert (
        len(rows_of(body_of(as_alice.get(f"/downloads/{download.uuid}/file/")), "xlsx"))
        == 8
    )


def killed():
    raise Killed


def stop_here(client, download):
    assert 'data-code="begun_anew"' in page_of(client, download).content.decode()
    raise making.LeaseLostError("enough was seen")


def test_a_file_that_ends_its_workers_is_given_up(as_alice, many, order):
    download = order(many)
    Download.objects.update(attempts=making.MOST_ATTEMPTS, state="making")

    making.make(download.pk)

    assert 'data-code="failed"' in page_of(as_alice, download).content.decode()
    assert orders.send_due() == 0


def test_a_file_whose_filter_is_gone_is_not_made_without_it(as_alice, many, order):
    many.schema = {"fields": [{"name": "tier", "label": "Tier", "kind": "text"}]}
    many.save()
    download = order(many, "?tier__empty=1")
    type(many).objects.update(schema={})

    making.make(download.pk)

    assert 'data-code="failed"' in page_of(as_alice, download).content.decode()


def test_one_worker_at_a_time_makes_a_file(many, order):
    download = order(many)
    until = timezone.now() + LEASE
    Download.objects.update(state="making", lease_until=until, lease_id=download.uuid)

    making.make(download.pk)

    assert Download.objects.get().attempts == 0
    assert orders.send_due() == 0


def test_a_lease_of_a_clock_ahead_holds_nobody_up(many, order):
    download = order(many)
    until = timezone.now() + timedelta(days=3)
    Download.objects.update(state="making", lease_until=until, lease_id=download.uuid)

    making.make(download.pk)

    assert Download.objects.get().is_done


def test_a_cancelled_file_is_not_made_any_further(as_alice, many, order, monkeypatch):
    download = order(many)
    seen = []
    counted = making._counted

    def watched(items, *rest):
        for number, item in enumerate(items):
            if number == 3:
                as_alice.post(f"/downloads/{download.uuid}/delete/")
            seen.append(item)
            yield item

    monkeypatch.setattr(
        making, "_counted", lambda items, *rest: counted(watched(items), *rest)
    )

    making.make(download.pk)

    assert len(seen) == 4
    assert not Download.objects.exists()
    assert not DownloadPart.objects.exists()


def test_a_worker_that_is_asked_to_end_leaves_the_file_to_another(
    many, order, monkeypatch
):
    download = order(many)
    monkeypatch.setattr(shutdown, "is_asked", lambda: True)

    making.make(download.pk)

    left = Download.objects.get()
    assert (left.state, left.lease_id, left.attempts) == ("waiting", None, 0)
    assert orders.send_due() == 1


def test_a_worker_that_is_asked_to_end_while_it_stores_a_file_has_not_failed(
    many, order, monkeypatch
):
    download = order(many)
    monkeypatch.setattr(shutdown, "is_asked", lambda: DownloadPart.objects.count() > 0)

    making.make(download.pk)

    left = Download.objects.get()
    assert (left.state, left.lease_id, left.attempts) == ("waiting", None, 0)


def test_one_file_of_a_user_at_a_time_leaves_room_for_another_user(many, order, bob):
    others = Download.objects.create(owner=bob, name="Items", content="x", form="csv")
    first, second = order(many), order(many)
    assert making._claim(first.pk)

    assert making._claim(second.pk) is None
    assert making._claim(others.pk)


def test_files_expire_and_are_swept_with_all_their_parts(many, order, settings):
    download = order(many)
    making.make(download.pk)
    assert DownloadPart.objects.count() > 1
    schedule.sweep()
    assert Download.objects.exists()

    later = timezone.now() + timedelta(hours=settings.DOWNLOAD_HOURS, minutes=1)
    assert orders.expire(now=later) == 1

    assert not Download.objects.exists()
    assert not DownloadPart.objects.exists()


def test_the_address_of_a_file_that_is_not_kept_says_so(
    as_alice, as_bob, many, order, settings
):
    download = order(many)
    making.make(download.pk)
    page = download.get_absolute_url()
    later = timezone.now() + timedelta(hours=settings.DOWNLOAD_HOURS, minutes=1)

    foreign = [as_bob.get(each) for each in (page, f"{page}file/")]
    orders.expire(now=later)
    expired = [as_alice.get(each) for each in (page, f"{page}file/")]

    for answer in (*foreign, *expired):
        assert answer.status_code == 404
        assert 'data-code="file_missing"' in answer.content.decode()


def test_what_killed_workers_left_on_disk_is_removed(many, order, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    old, fresh = (tmp_path / "downloads" / name for name in ("old", "fresh"))
    for folder in (old, fresh):
        folder.mkdir(parents=True)
        (folder / "file").write_text("half a file")
    day_before_yesterday = time.time() - 2 * 24 * 3600
    os.utime(old, (day_before_yesterday, day_before_yesterday))

    making.make(order(many).pk)

    assert list((tmp_path / "downloads").iterdir()) == [fresh]


def test_a_user_has_only_so_many_large_files(as_alice, many, order, codes):
    for _ in range(orders.MOST_KEPT):
        order(many)

    path = f"/collections/{many.pk}/download/"
    answer = as_alice.post(path, {"form": "csv", "values": "shown"}, follow=True)

    assert "too_many_downloads" in " ".join(codes(answer))
    assert Download.objects.count() == orders.MOST_KEPT


def test_files_go_with_the_items_they_hold(alice, many, order, monkeypatch):
    making.make(order(many).pk)
    making.make(order().pk)
    connection = many.connection
    type(connection).objects.update(state="disconnected", is_purging=True)

    disconnect.purge(connection)

    assert not Item.objects.exists()
    assert not Download.objects.exists()


def test_what_is_small_is_sent_at_once(as_alice, collection):
    make_item(collection)

    path = f"/collections/{collection.pk}/download/"
    answer = as_alice.post(path, {"form": "xlsx", "values": "shown"})

    assert len(rows_of(body_of(answer), "xlsx")) == 2
    assert not Download.objects.exists()


def test_an_index_that_is_being_built_is_waited_for(as_alice, many, order, monkeypatch):
    from integrations.services.items.tables.indexing import indexes

    monkeypatch.setattr(indexes, "SMALL", 2)
    download = order(many, "?sort=item.name")
    making.make(download.pk)
    assert Download.objects.get().state == "waiting"

    indexes.build(many.pk)
    making.make(download.pk)

    rows = rows_of(body_of(as_alice.get(f"/downloads/{download.uuid}/file/")), "csv")
    assert [row[0] for row in rows[1:]] == [f"Ada {number}" for number in range(7)]
    assert threading.active_count() < 10


def test_the_list_of_downloads_is_ones_own(as_alice, as_bob, many, order):
    order(many)

    assert "Contacts" in as_alice.get("/downloads/").content.decode()
    assert "Contacts" not in as_bob.get("/downloads/").content.decode()
