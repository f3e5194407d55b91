"""Make what stands beside an item's name: its first fields, what it shares."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from integrations.models import Item
from integrations.providers.records import DisplayField
from integrations.providers.typed.plain import plain
from integrations.services.items.relations.tables import UNSUITABLE
from integrations.services.items.relations.traces import Kind, Trace
from integrations.services.items.tables.columns.columns import leading_columns
from integrations.views.items.parts.values import show

MOST_FIELDS, LONGEST = 5, 60
NOUNS = {
    Kind.EMAIL: "everything about",
    Kind.PHONE: "everything with a phone number ending in",
    Kind.DOMAIN: "everything of",
}


def make_head(item: Item, values: Sequence[DisplayField]) -> list[dict[str, Any]]:
    """Return the fields that the provider's own lists show first, the short ones."""
    by_name = {field.name: field for field in values}
    leading = [by_name[n] for n in leading_columns(item.collection) if n in by_name]
    shown = [field for field in leading if is_short(field)][:MOST_FIELDS]
    return [{"label": field.label, "value": show(field.value)} for field in shown]


def is_short(field: DisplayField) -> bool:
    """Tell whether a value fits beside others."""
    return not isinstance(field.value, UNSUITABLE) and len(plain(field.value)) < LONGEST


def make_everything_links(traces: Sequence[Trace]) -> list[dict[str, str]]:
    """Return links to the pages of everything that shares something with an item."""
    return [
        {"url": everything_url(trace), "text": f"{NOUNS[trace.kind]} {trace.text}"}
        for trace in traces
    ]


def everything_url(trace: Trace) -> str:
    """Return the address of everything that shares an address, number or domain."""
    return f"{reverse('integrations:everything')}?{urlencode({'about': trace.text})}"
