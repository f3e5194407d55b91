"""From a connection or collection to all that hangs on it, and from that back."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from integrations.admin import related
from integrations.models import (
    AuditEvent,
    BulkEdit,
    Collection,
    Connection,
    Edit,
    Incident,
    RefreshAttempt,
    SpotCheck,
    SuspendedSignInMethod,
)
from integrations.services.common import audit
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_item,
    make_run,
)

ROOTS = (Connection, Collection)


def hanging_on(root: type[Model]) -> set[type[Model]]:
    """Return the models with pages that have a column for a row of another.

    A way to sign in hangs on its user.
    """
    return {
        model
        for model in admin.site._registry
        if model is not root and model is not SuspendedSignInMethod
        for column in model._meta.fields
        if isinstance(column, ForeignKey) and column.related_model is root
    } | {AuditEvent}


def address(row: Model, page: str = "change") -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(name, args=(row.pk,) if page == "change" else ())


def one_of_everything(connection: Connection) -> Collection:
    """Hang one row of each kind on a connection and on its collection."""
    collection = make_collection(connection, remote_id=str(connection.pk)[:9])
    make_item(collection)
    make_run(connection)
    RefreshAttempt.objects.create(id=uuid4(), connection=connection, why="test")
    both: dict[str, Any] = {"connection": connection, "collection": collection}
    Edit.objects.create(**both, verb="create", order_key=str(connection.pk))
    BulkEdit.objects.create(**both, field="email", value={}, rows=[])
    SpotCheck.objects.create(
        collection=collection, number=0, parts=1, population=1, began_at=NOON
    )
    Incident.objects.create(
        kind="stale", subject=str(connection.pk), title="t", connection=connection
    )
    audit.record("connection.paused", subject=connection.pk)
    audit.record("deletions.approved", subject=collection.pk)
    return collection


@pytest.mark.parametrize("root", ROOTS)
def test_each_list_of_a_row_is_one_click_away_and_has_nothing_else(
    as_staff: Client, connection: Connection, root: type[Model]
) -> None:
    one_of_everything(connection)
    one_of_everything(make_connection(connection.owner, remote_id="1:2"))
    row = root._default_manager.filter(
        **({} if root is Connection else {"connection": connection})
    ).order_by("created_at" if root is Connection else "pk")[0]
    page = as_staff.get(address(row)).content.decode()
    links = re.findall(rf'href="(/admin/[^"?]*\?{root.__name__.lower()}=[^"]*)"', page)

    shown = {}
    for link in links:
        listed = as_staff.get(link)
        assert listed.status_code == 200
        changes = listed.context["cl"]
        shown[changes.model] = [each.pk for each in changes.result_list]

    assert hanging_on(root) <= shown.keys()
    assert {len(keys) for keys in shown.values()} == {1}


@pytest.mark.parametrize("root", ROOTS)
def test_what_hangs_on_a_row_leads_back_to_it(
    as_staff: Client, connection: Connection, root: type[Model]
) -> None:
    collection = one_of_everything(connection)
    row = connection if root is Connection else collection
    for model in hanging_on(root):
        rows = model._default_manager.all()
        if model is AuditEvent:
            rows = AuditEvent.objects.filter(subject=str(row.pk))
        page = as_staff.get(address(rows[0])).content.decode()

        assert f'href="{address(row)}"' in page, model


@pytest.mark.parametrize("value", ["nonsense", "\0"])
def test_the_audit_is_asked_for_no_key_that_is_none(
    as_staff: Client, connection: Connection, value: str
) -> None:
    of_subject = related.of(Connection, "subject")
    audit.record("connection.paused", subject=value)

    made = of_subject(
        HttpRequest(), {"connection": [value]}, AuditEvent, admin.site
    ).queryset(HttpRequest(), AuditEvent.objects.all())

    assert not made.exists()


@pytest.mark.parametrize(
    "model", admin.site._registry, ids=lambda model: model.__name__
)
def test_no_list_asks_the_database_for_what_it_cannot_take(
    as_staff: Client, model: type[Model]
) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"

    page = as_staff.get(reverse(name), {"provider": "\0"})

    assert page.url == f"{reverse(name)}?e=1"  # type: ignore[attr-defined] # a redirect


@pytest.mark.parametrize("value", ["nonsense", "", "' OR 1=1"])
def test_an_address_of_no_row_lists_nothing_or_all(
    as_staff: Client, connection: Connection, value: str
) -> None:
    one_of_everything(connection)

    page = as_staff.get("/admin/integrations/collection/", {"connection": value})

    assert page.status_code == 200
    assert len(page.context["cl"].result_list) == (not value)
