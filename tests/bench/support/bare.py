"""Bare Django view of rows that the product shows: the floor of its pages.

A session, a user, one query and one template, as a tutorial would write it; with
Django's usual middleware, and nothing of the product but its models.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import include, path

from integrations.models import Item

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROWS = 50
NAMES = ("amount", "dealstage", "hubspot_owner_id", "closedate")
PAGE = Engine().from_string(
    """<!DOCTYPE html><title>Items</title><h1>Items</h1><table>
<tr><th>Name<th>Type<th>Account{% for name in names %}<th>{{ name }}{% endfor %}
<th>Updated<th>Created</tr>
{% for item, values in rows %}<tr>
<td><a href="{{ item.get_absolute_url }}">{{ item.name }}</a>
<td>{{ item.type }}<td>{{ item.connection.account_name }}
{% for value in values %}<td>{{ value }}{% endfor %}
<td>{{ item.remote_updated_at }}<td>{{ item.remote_created_at }}
</tr>{% endfor %}</table>"""
)


@login_required
def items(request: HttpRequest, collection: UUID | None = None) -> HttpResponse:
    """Show the latest rows of a user, with some properties where of one collection."""
    found = Item.objects.filter(owner=request.user.pk, deleted_at=None)
    if collection:
        found = Item.objects.filter(collection=collection, deleted_at=None)
    latest = found.order_by("-remote_updated_at", "-id").prefetch_related("connection")
    names = NAMES if collection else ()
    shown = latest if collection else latest.defer("properties")
    rows = [
        (item, [item.properties.get(name) or "" for name in names] if names else ())
        for item in shown[:ROWS]
    ]
    return HttpResponse(PAGE.render(Context({"rows": rows, "names": names})))


urlpatterns = [
    path("bare/", items),
    path("bare/<uuid:collection>/", items),
    path("", include("config.urls")),
]
