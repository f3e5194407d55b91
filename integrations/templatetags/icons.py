"""Draw the few line icons of the pages: our own shapes, 24 by 24, one stroke by CSS."""

import functools

from django.utils.safestring import SafeString, mark_safe

from integrations.templatetags.quick_html import format_html

SHAPES: dict[str, str] = {
    "alert": '<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.3"/>',
    "check": '<circle cx="12" cy="12" r="9"/><path d="m8 12.2 2.8 2.8L16 9.5"/>',
    "chevron": '<path d="m6.5 9.5 5.5 5.5 5.5-5.5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.2l3.4 2"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "dash": '<circle cx="12" cy="12" r="9"/><path d="M8 12h8"/>',
    "down": '<path d="M12 5v14m-5-5 5 5 5-5"/>',
    "fail": '<circle cx="12" cy="12" r="9"/><path d="M12 7.2v5.6M12 16.2v.3"/>',
    "left": '<path d="m14.5 6-6 6 6 6"/>',
    "pause": '<circle cx="12" cy="12" r="9"/><path d="M9.8 9v6M14.2 9v6"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "right": '<path d="m9.5 6 6 6-6 6"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>',
    "sync": '<path d="M19.5 8A8.3 8.3 0 0 0 4 10.3M4.5 16A8.3 8.3 0 0 0 20 13.7'
    'M19.8 3.7V8.2h-4.5M4.2 20.3v-4.5h4.5"/>',
    "up": '<path d="M12 19V5m-5 5 5-5 5 5"/>',
    "user": '<circle cx="12" cy="8.5" r="4"/>'
    '<path d="M4.5 20c.8-3.6 3.7-5.5 7.5-5.5s6.7 1.9 7.5 5.5"/>',
}

# The status is always said in words beside the icon, so icons stay silent.
SVG = '<svg class=icon viewBox="0 0 24 24" width=20 aria-hidden=true>{}</svg>'


@functools.cache
def draw(name: str) -> SafeString:
    """Return the inline SVG of one icon."""
    shape = mark_safe(SHAPES[name])  # noqa: S308 - one of the constants above
    return format_html(SVG, shape)
