"""Links that older code stored or left behind are told the collection of their item."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from integrations.models import ItemLink
from integrations.services.upkeep import overlap
from tests.support.rows import make_collection, make_connection, make_item

DAY = timedelta(days=1)


@pytest.fixture
def links(alice):
    """Return keys of links: one without a collection, one of another, one as it is."""
    pages = make_collection(make_connection(alice, provider="notion"), remote_id="p")
    rows = make_collection(pages.connection, remote_id="r")
    found = [
        ItemLink.objects.create(
            item=make_item(rows, remote_id=f"{number}"),
            connection=rows.connection,
            collection=collection,
            relation="lead",
            target_remote_id="t",
        ).pk
        for number, collection in enumerate((None, pages, rows))
    ]
    cache.clear()
    return found, rows


def applied(ago):
    """Be as if the migration had been applied so long ago, to a site in use."""
    for name, more in ((overlap.FIRST, DAY), (overlap.NAMED_SINCE, timedelta())):
        found = MigrationRecorder(database).migration_qs.filter(
            app="integrations", name=name
        )
        assert found.update(applied=timezone.now() - ago - more) == 1


def test_links_are_told_their_collection_once_older_code_is_gone(links, monkeypatch):
    keys, rows = links
    monkeypatch.setattr(overlap, "LINKS", 1)
    applied(DAY + timedelta(minutes=1))

    assert overlap.name_links() == 2

    found = ItemLink.objects.filter(pk__in=keys)
    assert {link.collection_id for link in found} == {rows.pk}


def test_they_are_looked_at_once_a_day(links):
    keys, _ = links
    applied(DAY + timedelta(minutes=1))
    overlap.name_links()
    ItemLink.objects.filter(pk=keys[0]).update(collection=None)

    assert overlap.name_links() == 0

    applied(2 * DAY + timedelta(minutes=1))
    assert overlap.name_links() == 1


@pytest.mark.parametrize("ago", [timedelta(hours=23), timedelta(days=9)])
def test_they_are_not_looked_at_before_and_long_after(links, ago):
    applied(ago)

    assert overlap.name_links() == 0
