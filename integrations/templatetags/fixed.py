"""Template tags for what is the same on every page for everybody: it is drawn once."""

from typing import Final, cast

from django import forms, template
from django.template import Context, Node, NodeList, Template
from django.template.base import Parser, Token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from integrations.forms import DownloadForm, TableDownloadForm

register = template.Library()

FORMS: Final[dict[str, type[forms.Form]]] = {
    "items": DownloadForm,
    "table": TableDownloadForm,
}


class FixedNode(Node):
    """Part of a template that is drawn once in a process, of nothing.

    It sees no variable, so that nothing of one user can reach another.
    """

    def __init__(self, nodes: NodeList) -> None:
        self.nodes = nodes
        self.html: SafeString | None = None

    def render(self, context: Context) -> SafeString:
        """Return what was drawn the first time."""
        if self.html is None:
            nothing = Context()
            with nothing.bind_template(cast("Template", context.template)):
                self.html = self.nodes.render(nothing)
        return self.html


@register.tag
def fixed(parser: Parser, _token: Token) -> FixedNode:
    """Draw what is between this tag and ``endfixed`` once in a process."""
    nodes = parser.parse(("endfixed",))
    parser.delete_first_token()
    return FixedNode(nodes)


@register.simple_tag
def blank_fields(name: str) -> SafeString:
    """Draw the fields of a form that nobody has filled in."""
    return render_to_string("partials/fields.html", {"form": FORMS[name]()})
