"""Reference by which operators find what happened in the log."""

from django import template

from integrations.http.observability import trace

register = template.Library()


@register.simple_tag
def request_id() -> str:
    """Return the id of the request that is answered."""
    return trace.request_id.get()
