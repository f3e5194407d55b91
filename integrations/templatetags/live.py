"""Template tag for parts of a page that change while the page is open."""

import re
from hashlib import sha256
from typing import cast

from django import template
from django.template import Template
from django.template.context import Context
from django.utils.safestring import SafeString

from integrations.templatetags.quick_html import format_html

register = template.Library()

# Others each time, though what is shown is the same: the token of a form, and the
# reference of a mistake of ours that is met at each look.
PASSING = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|our mistake \(reference [0-9a-f]{8}\)'
)
SEEN = '<input type="hidden" name="seen" value="{}" form="no-form" autocomplete="off">'


@register.simple_tag(takes_context=True)
def live_part(
    context: Context, name: str, source: str, css: str = "", tag: str = "div"
) -> SafeString:
    """Render a template as a part of the page that can be sent again by itself.

    A page that looks for news names the parts it shows; under ``is_live`` only those
    that have changed are rendered, each as an out-of-band swap of its element.
    """
    engine = cast("Template", context.template).engine
    part = engine.get_template(source)
    with context.push(is_live=False):
        html = part.render(context)
    digest = sha256(PASSING.sub("", html).encode()).hexdigest()[:12]
    seen = f"{name}.{digest}"
    inside = format_html("{}{}", format_html(SEEN, seen), html)
    if not context.get("is_live"):
        look = format_html(' class="{}"', css) if css else ""
        return format_html('<{0} id="{1}"{2}>{3}</{0}>', tag, name, look, inside)
    if seen in context["request"].GET.getlist("seen"):
        return SafeString("")
    return format_html('<{0} hx-swap-oob="innerHTML:#{1}">{2}</{0}>', tag, name, inside)
