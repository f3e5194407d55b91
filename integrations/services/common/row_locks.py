"""Lock rows in one order, so that no two transactions wait for each other."""

from django.db.models import QuerySet

from integrations.models import Collection


def lock_collections(rows: QuerySet[Collection]) -> None:
    """Lock collections until the transaction ends, before anything that is theirs.

    A transaction that may need several takes them with the first: one that holds some
    and then asks for one before them may never get it.
    """
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
