"""Pages that the console exports: named by their address, or by that of a view."""

from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.http import QueryDict
from django.urls import Resolver404, resolve

from integrations.models import Collection, Connection, SavedView
from integrations.services.items.downloads import asked
from integrations.services.items.downloads.asked import AskedFile, Content
from integrations.services.items.lists.opening import OpenList
from integrations.services.items.saved_views import fitting
from integrations.services.items.saved_views.fitting import Fitted
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.opening import OpenTable


def ask_page(user: User, address: str, content: Content) -> AskedFile:
    """Return what a page of the user's shows; refuse what is no list and no table."""
    parts = urlsplit(address)
    try:
        found = resolve(parts.path)
    except Resolver404:
        raise CommandError(f"no page of this site: {parts.path!r}") from None
    parameters = QueryDict(parts.query)
    if found.view_name == "integrations:item-list":
        if content is Content.ALL:
            raise CommandError("--values all is for the --address of a table")
        return _whole(asked.ask_list(OpenList.open(user, parameters), content))
    if found.view_name != "integrations:table":
        raise CommandError("only lists of items and tables can be exported")
    collection = asked.own_collections(user).filter(pk=found.kwargs["pk"]).first()
    if collection is None:
        raise CommandError("this user has no such table")
    table = OpenTable.open(collection, parameters, user)
    wanted = _whole(asked.ask_table(table, content))
    if not wanted.is_ready:
        raise CommandError("the filters of this table are not ready; try again soon")
    return wanted


def _whole(wanted: AskedFile) -> AskedFile:
    """Return what was asked for; refuse what lacks one of its filters."""
    if wanted.left_out:
        raise CommandError(" ".join(wanted.left_out))
    return wanted


def address_of_view(user: User, name: str) -> str:
    """Return the address of what a user's own view shows; refuse what it lacks."""
    views = list(SavedView.objects.filter(owner=user, name__iexact=name))
    if not views:
        own = SavedView.objects.filter(owner=user).order_by("name")
        names = ", ".join(own.values_list("name", flat=True)) or "none"
        raise CommandError(f"no view {name!r} of this user's; there are: {names}")
    if len(views) > 1:
        raise CommandError(f"several views are called {name!r}; use --address")
    fitted = _fit(user, views[0])
    if fitted.left_out:
        raise CommandError(" ".join(fitted.left_out))
    return fitted.query.url


def _fit(user: User, view: SavedView) -> Fitted:
    if view.is_of_all_items:
        collections = list(Collection.objects.owned_by(user).without_schema())
        connections = list(Connection.objects.owned_by(user))
        return fitting.fit_items(view, user, connections, collections)
    found = fitting.find_collections(view, user)
    if len(found) != 1:
        word = "several tables" if found else "no table"
        raise CommandError(f"the view fits {word} of this user's; use --address")
    return fitting.fit_table(view, found[0], typed_columns_of(found[0]))
