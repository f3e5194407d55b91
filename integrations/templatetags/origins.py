"""Template tag for links that keep the list which an item was opened from."""

from uuid import UUID

from django import template
from django.template.context import Context

from integrations.views.items.origins import onward as address_of

register = template.Library()


@register.simple_tag(takes_context=True)
def onward(context: Context, name: str, key: UUID, **values: str) -> str:
    """Return the address of a page about an item, with the page's own origin."""
    return address_of(context.get("origin"), name, key, **values)
