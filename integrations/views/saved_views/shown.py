"""What a list shows of saved views: the list of them, and how the open one is."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User

from integrations.models.paths import fixed_path
from integrations.services.items.lists.query import ALL_VIEW, ItemQuery
from integrations.services.items.saved_views.shelf import Shelf
from integrations.services.items.saved_views.snapshot import Snapshot
from integrations.services.items.tables.table_query import TableQuery


def make_context(
    shelf: Shelf, query: TableQuery | ItemQuery, now: Snapshot, user: User
) -> dict[str, Any]:
    """Return what the side of a list and the bar above its rows are made of."""
    here = query.change().url
    opened = shelf.current
    view = opened.view if opened else None
    create = fixed_path("integrations:view-create")
    return {
        "views": shelf.own,
        "everything_url": f"{here.partition('?')[0]}?view={ALL_VIEW}",
        "is_view_lost": shelf.is_lost,
        "view": view,
        "is_own_view": view is not None and view.owner_id == user.pk,
        "is_view_followed": getattr(view, "is_followed", False),
        "is_view_changed": opened is not None and opened.snapshot != now,
        "view_left_out": opened.not_there if opened else (),
        "view_back": here,
        "view_create_url": f"{create}?{urlencode({'back': here})}",
    }
