"""Lists of large tables read no more of them than they show."""

from datetime import timedelta
from uuid import uuid4

from django.contrib import admin, messages
from django.contrib.admin.filters import AllValuesFieldListFilter, FieldListFilter
from django.contrib.messages import get_messages
from django.utils import timezone

from integrations.admin.filters import ConditionFilter, FirstValuesFilter
from integrations.models import ItemChange, RefreshAttempt
from tests.support.rows import make_connection, make_item

# One row a user or so: its values are read whole.
SMALL = {"authenticator", "suspendedsigninmethod", "emailaddress", "user"}


def test_no_filter_reads_a_large_table_for_its_values():
    reads_all = {
        f"{model._meta.model_name}.{name}"
        for model, page in admin.site._registry.items()
        if model._meta.model_name not in SMALL
        for name in page.list_filter
        if isinstance(name, str)
        and kind_of(model, name) in {AllValuesFieldListFilter, None}
    }

    assert reads_all == set()


def kind_of(model, name):
    """Return the filter that Django takes for a column."""
    field = model._meta.get_field(name)
    kinds = FieldListFilter._field_list_filters
    return next((kind for test, kind in kinds if test(field)), None)


def test_a_text_is_chosen_from_what_the_first_rows_have(as_staff, alice, monkeypatch):
    connection = make_connection(alice)
    began = timezone.now()
    for number, why in enumerate(("oldest", "due", "asked")):
        RefreshAttempt.objects.create(
            id=uuid4(),
            connection=connection,
            generation=1,
            why=why,
            started_at=began + timedelta(seconds=number),
        )
    monkeypatch.setattr(FirstValuesFilter, "MOST_READ", 2)

    page = as_staff.get("/admin/integrations/refreshattempt/")
    older = as_staff.get("/admin/integrations/refreshattempt/?why=oldest")

    offered = {value for value, _ in page.context["cl"].filter_specs[1].lookup_choices}
    assert offered == {"due", "asked"}
    assert [row.why for row in older.context["cl"].result_list] == ["oldest"]


def test_conditions_are_decided_for_so_many_connections_and_it_says_so(
    as_staff, alice, monkeypatch
):
    monkeypatch.setattr(ConditionFilter, "MOST_DECIDED", 2)
    at = timezone.now()
    for days in range(3):
        make_connection(alice, state="paused", state_since=at - timedelta(days=days))

    page = as_staff.get("/admin/integrations/connection/?condition=paused")
    fewer = as_staff.get(
        "/admin/integrations/connection/?condition=paused&provider=notion"
    )

    assert page.context["cl"].result_count == 2
    assert [each.level for each in get_messages(page.wsgi_request)] == [
        messages.WARNING
    ]
    assert not list(get_messages(fewer.wsgi_request))


def test_an_item_shows_its_latest_changes(as_staff, collection):
    item = make_item(collection)
    at = timezone.now()
    for days in range(12):
        ItemChange.objects.create(
            item=item,
            connection=item.connection,
            kind="changed",
            at=at - timedelta(days=days),
            fields={"city": [str(days), "x"]},
        )

    page = as_staff.get(f"/admin/integrations/item/{item.pk}/change/")

    [shown] = page.context["inline_admin_formsets"]
    rows = [form.instance.at for form in shown.formset.forms]
    assert rows == [at - timedelta(days=days) for days in range(10)]
