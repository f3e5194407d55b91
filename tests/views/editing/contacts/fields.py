"""A contact whose properties are of every kind, and the form that it is edited by."""

from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.models import Collection, Edit, Item

FIELDS = [
    {"name": "firstname", "label": "First name"},
    {"name": "email", "label": "E-mail", "kind": "email"},
    {"name": "city", "label": "City"},
    {"name": "notes", "label": "Notes", "is_long": True},
    {"name": "score", "label": "Score", "kind": "number", "group": "Details"},
    {"name": "vip", "label": "VIP", "kind": "boolean"},
    {"name": "due", "label": "Due", "kind": "date"},
    {"name": "met", "label": "Met", "kind": "datetime"},
    {
        "name": "stage",
        "label": "Stage",
        "kind": "choice",
        "options": {"lead": "Lead", "won": "Won", "old": "Old"},
        "retired": ["old"],
    },
    {
        "name": "topics",
        "label": "Topics",
        "kind": "choices",
        "options": {"a": "Ants", "b": "Bees"},
    },
    {"name": "owner", "label": "Owner", "kind": "user"},
    {"name": "made", "label": "Made", "kind": "datetime", "is_read_only": True},
]


OWNERS = {"1": "Ana", "2": "Ben (deactivated)"}


SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]


VALUES = {
    "firstname": "Zoë",
    "email": "zoe@example.com",
    "city": " Bonn ",
    "notes": "one\r\ntwo",
    "score": "1.50",
    "vip": "true",
    "due": "1795305600000",
    "met": "2026-11-22T10:00:30.250Z",
    "stage": "old",
    "topics": "b;a;gone",
    "owner": "2",
    "made": "2026-01-01T00:00:00Z",
}


def edit_url(item: Item) -> str:
    return reverse("integrations:item-edit", args=(item.uuid,))


def filled(response: Any, **changes: Any) -> dict[str, Any]:
    """Return what a browser would send of a form, with some values typed in."""
    form = response.context["form"]
    data = {}
    for bound in form:
        value = bound.value()
        data[bound.html_name] = "" if value is None else value
    return {**data, **{f"p.{name}": value for name, value in changes.items()}}


def send(client: Client, url: str, **changes: Any) -> Any:
    return client.post(url, filled(client.get(url), **changes))


def make_edit(item: Item, **values: Any) -> Edit:
    defaults = {
        "connection": item.connection,
        "collection": item.collection,
        "item": item,
        "remote_id": item.remote_id,
        "order_key": f"{item.collection_id}:{item.remote_id}",
        "verb": "update",
        "created_by": item.connection.owner,
        "values": {"city": "Mine"},
        "base": {"city": "Bonn"},
    }
    return Edit.objects.create(**{**defaults, **values})


def change_schema(contacts: Collection, name: str, **changes: Any) -> None:
    """Change one field of the schema, or take it away."""
    fields = [each for each in FIELDS if each["name"] != name or changes]
    contacts.schema["fields"] = [
        {**each, **changes} if each["name"] == name else each for each in fields
    ]
    contacts.save()
