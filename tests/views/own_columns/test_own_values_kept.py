"""What users noted survives syncs, merges and reconnecting; no way loses it unasked."""

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Collection,
    OwnColumn,
    OwnValue,
)
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.common.errors import ProofMissingError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import disconnect
from integrations.services.items.own_columns import store as own_store
from integrations.services.items.storage import store
from tests.support.pages.tables import names
from tests.support.rows import make_connection, make_item
from tests.support.sessions import prove
from tests.views.own_columns.own_tables import (
    add,
    make_deals,
    note,
    page_of,
    shown,
    sync,
    table,
)


def test_values_survive_syncs_deletions_and_returns(as_alice, deals, three):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    query = f"?{column.column_id}__is=7"
    assert names(table(as_alice, deals, query)) == ["One"]

    sync(deals, page_of(three[0], amount="5"))
    assert names(table(as_alice, deals, query)) == ["One"]
    deleted = Deletion(kind=DeletionKind.DELETED)
    store.soft_delete(deals, {three[0].pk: deleted}, run_id=None, now=timezone.now())
    assert names(table(as_alice, deals, query)) == []
    note(as_alice, three[0], column, "7")
    assert names(table(as_alice, deals, query)) == []
    sync(deals, page_of(three[0], amount="6"))

    assert names(table(as_alice, deals, query)) == ["One"]


def test_a_merged_record_leaves_its_values_to_the_one_it_became(as_alice, deals, three):
    rank, other = add(as_alice, deals), add(as_alice, deals, "Remark", "text")
    note(as_alice, three[0], rank, "7", **{other.column_id: "old"})
    note(as_alice, three[1], other, "kept")
    query = f"?{rank.column_id}__is=7"
    table(as_alice, deals, query)

    merged = Deletion(kind=DeletionKind.MERGED, detail=three[1].remote_id)
    store.soft_delete(deals, {three[0].pk: merged}, run_id=None, now=timezone.now())

    page = table(as_alice, deals, query)
    assert names(page) == ["Two"]
    assert shown(page, "Remark") == {"Two": "kept"}


def test_an_account_that_is_connected_again_has_its_columns_again(
    as_alice, alice, deals, three
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    deals.connection.delete()
    assert not Collection.objects.exists()

    again = make_deals(make_connection(alice, account_name="Acme", remote_id="1:1"))
    make_item(again, name="Anew", remote_id=three[0].remote_id)
    other = make_deals(make_connection(alice, remote_id="2:2"))

    assert shown(table(as_alice, again), "Rank") == {"Anew": "7"}
    assert "Rank" not in table(as_alice, other).content.decode()


@pytest.mark.parametrize("deletes", [True, False])
@pytest.mark.parametrize("way", ["disconnect", "remove"])
def test_removing_the_items_asks_about_own_columns(
    as_alice, connection, deals, three, way, deletes
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    prove(as_alice)
    if way == "remove":
        connection.state = "disconnected"
        connection.save()
    path = f"/connections/{connection.pk}/{way}/"
    assert as_alice.get(path).context["own_value_count"] == 1

    form = {"items": "delete", **({"own_columns": "1"} if deletes else {})}
    as_alice.post(path, form)

    assert OwnValue.objects.exists() is not deletes
    assert OwnColumn.objects.exists() is not deletes


def test_a_column_with_values_is_deleted_by_who_proves_to_be_its_user(
    as_alice, deals, three
):
    column = add(as_alice, deals)
    path = f"/own-columns/{column.pk}/delete/"
    note(as_alice, three[0], column, "7")
    prove(as_alice, seconds_ago=400)

    answer = as_alice.post(path)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert OwnValue.objects.count() == 1

    note(as_alice, three[0], column, "")
    as_alice.post(path)
    assert not OwnColumn.objects.exists()


def test_no_way_deletes_what_users_noted_without_a_proof(
    as_alice, alice, connection, deals, three
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")

    with pytest.raises(ProofMissingError):
        own_store.delete(column)
    with pytest.raises(ProofMissingError):
        disconnect.disconnect(
            connection, actor=alice, keep_items=True, delete_own_columns=True
        )
    connection.refresh_from_db()

    assert connection.is_connected
    assert OwnValue.objects.count() == 1


def test_columns_of_one_that_is_disconnected_meanwhile_stay(
    as_alice, alice, connection, deals, three
):
    note(as_alice, three[0], add(as_alice, deals), "7")
    disconnect.disconnect(connection, actor=alice, keep_items=True)

    disconnect.disconnect(
        connection,
        actor=alice,
        keep_items=False,
        delete_own_columns=True,
        proof=RecentProof(user=alice),
    )

    assert OwnValue.objects.count() == 1
