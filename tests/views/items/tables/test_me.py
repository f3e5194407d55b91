"""Columns of people can be filtered by whoever connected the account."""

import pytest

from integrations.models import OwnColumn, OwnValue
from integrations.models.remote_key import remote_key
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get, names
from tests.support.rows import NOON, make_collection, make_connection, make_item

ME = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
ACCOUNTS = {
    "hubspot": ("7:1", {"user_email": "Ana@example.com"}),
    "airtable": ("usrMMMMMMMMMMMMMM", {"email": "ana@example.com"}),
    "notion": (f"{OTHER}:{ME}", {"owner_type": "user", "member": "Ana Marín"}),
}
LOOKUPS = {
    "owner": {"41": "Ana Marín", "42": "Bo Berg"},
    "owner_email": {"41": "ana@example.com", "42": "bo@example.com"},
}
PEOPLE = {
    "hubspot": ("41", "42"),
    "airtable": (
        {"id": "usrMMMMMMMMMMMMMM", "email": "ana@example.com", "name": "Ana"},
        {"id": "usrOOOOOOOOOOOOOO", "email": "bo@example.com", "name": "Ana"},
    ),
    "notion": ([{"id": ME, "name": "Ana"}], [{"id": OTHER, "name": "Ana"}]),
}
# What users may write of themselves into a column of their own.
WRITTEN = {"hubspot": "Ana Marín", "airtable": "ana@Example.com", "notion": "ana marín"}


@pytest.fixture(params=ACCOUNTS)
@kept
def tasks(request, alice):
    """Return rows of which one has the user, one somebody else and one nobody."""
    remote_id, account = ACCOUNTS[request.param]
    connection = make_connection(
        alice, provider=request.param, remote_id=remote_id, account=account
    )
    collection = make_collection(
        connection,
        remote_id="deals",
        schema={
            "fields": [{"name": "who", "label": "Who", "kind": "user"}],
            "formats": {"who": {"type": "singleCollaborator"}},
            "lookups": LOOKUPS if request.param == "hubspot" else {},
        },
        first_full_refresh_at=NOON,
    )
    mine, others = PEOPLE[request.param]
    make_item(collection, name="Mine", remote_id="1", properties={"who": mine})
    make_item(collection, name="Other", remote_id="2", properties={"who": others})
    make_item(collection, name="Nobody", remote_id="3", properties={})
    collection.refresh_from_db()
    return collection


def operators(page):
    return [value for value, _ in page.context["filtering"]["operators"]]


def test_is_me_is_offered_and_finds_the_users_own_rows(as_alice, tasks):
    assert "me" in operators(get(as_alice, tasks, "filter/?column=who"))

    assert names(get(as_alice, tasks, "?who__me=1")) == ["Mine"]


def test_a_column_of_ones_own_that_names_people_knows_the_user_too(
    as_alice, alice, tasks
):
    column = OwnColumn.objects.create(
        owner=alice, name="Who calls", kind="person", **remote_key(tasks)
    )
    told = WRITTEN[tasks.connection.provider]
    OwnValue.objects.create(column=column, remote_id="2", value=told)
    OwnValue.objects.create(column=column, remote_id="3", value="Somebody else")

    assert names(get(as_alice, tasks, f"?{column.column_id}__me=1")) == ["Other"]


def test_a_workspace_that_owns_its_grant_is_nobody(as_alice, alice):
    connection = make_connection(
        alice,
        provider="notion",
        remote_id=f"{OTHER}:{ME}",
        account={"owner_type": "workspace", "bot_id": ME},
    )
    schema = {"fields": [{"name": "who", "label": "Who", "kind": "user"}]}
    collection = make_collection(connection, remote_id="s", schema=schema)

    assert "me" not in operators(get(as_alice, collection, "filter/?column=who"))


def test_groups_of_people_of_one_name_are_told_apart(as_alice, tasks):
    other = PEOPLE[tasks.connection.provider][1]
    make_item(tasks, name="Others", remote_id="4", properties={"who": other})
    if tasks.connection.provider == "hubspot":
        # As an earlier version has kept them.
        tasks.schema["lookups"] = {"owner": {"41": "Ana", "42": "Ana"}}
        tasks.save(update_fields=["schema"])

    rows = get(as_alice, tasks, "?group=who").context["group_rows"]

    assert len({row["label"] for row in rows}) == len(rows) == 3
    words = []
    for row in rows:
        found = as_alice.get(row["url"])
        assert len(names(found)) == row["count"]
        words.append(found.context["words"])
    assert len({*words}) == 3
    assert rows[0]["label"] in words[0]
