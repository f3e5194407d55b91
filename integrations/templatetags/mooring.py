"""Template tags for states, links and icons, the same on every page."""

import functools
from collections.abc import Iterable
from urllib.parse import urlsplit
from zlib import crc32

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.models.paths import fixed_path
from integrations.providers import SPECS
from integrations.providers.spec import ProviderSpec
from integrations.services.connections.status import Status
from integrations.services.items.search.passages import Piece
from integrations.services.items.types import parent_types, type_name
from integrations.services.sync.deletions import held_deletions
from integrations.templatetags import icons
from integrations.templatetags.live import live_part
from integrations.templatetags.quick_html import format_html, format_html_join

register = template.Library()

MARK_COLOURS = 6
NAV_LINK = '<a href="{}"{}>{}{}</a>\n'
HERE = mark_safe(' aria-current="page"')
COUNTED = ("attention-count", "partials/attention_count.html")
# What is opened learns neither the address of the page nor gets a handle to it: that is
# in headers of every page, which links by hundreds need not repeat.
EXTERNAL = '<a{} href="{}" target=_blank aria-describedby=new-tab>{}</a>'
BADGE = '<span class="badge {}"{}>{}{}</span>'
STATE = ' data-state="{}" data-code="{}"'
MARK, END_MARK = mark_safe("<mark>"), mark_safe("</mark>")
TONE_ICONS = {
    "ok": "check",
    "busy": "sync",
    "warn": "alert",
    "bad": "fail",
    "idle": "dash",
}
# Order matters: most browsers also claim to be the ones named after them.
BROWSERS = ("Edg/", "OPR/", "Firefox/", "Chromium/", "Chrome/", "Safari/")
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
TONES = {
    "complete": "ok",
    "granted": "ok",
    "new": "ok",
    "revived": "ok",
    "refreshed": "ok",
    "success": "ok",
    "queued": "idle",
    "pending": "idle",
    "unused": "idle",
    "cancelled": "idle",
    "running": "busy",
    "changed": "busy",
    "capped": "warn",
    "held": "warn",
    "partial": "warn",
    "missing": "warn",
    "deleted": "warn",
    "no_permission": "warn",
    "warning": "warn",
    "error": "bad",
    "failed": "bad",
    "quarantined": "bad",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one of our icons."""
    return icons.draw(name)


@register.simple_tag
def tone_icon(tone: str) -> SafeString:
    """Draw the icon that belongs to a colour family."""
    return icons.draw(TONE_ICONS.get(tone, "dash"))


@register.simple_tag
@functools.cache
def mark(slug: str, name: str) -> SafeString:
    """Draw a provider's initial on its own colour; brand logos are not ours to use."""
    colour = crc32(slug.encode()) % MARK_COLOURS
    return format_html(
        '<b class="mark mark-{}" aria-hidden=true>{}</b>', colour, name[:1]
    )


@register.filter
def marked(pieces: Iterable[Piece]) -> SafeString:
    """Write the pieces of a text, those that were searched for marked."""
    return format_html_join(
        "",
        "{}{}{}",
        (
            (MARK, piece.text, END_MARK) if piece.is_match else ("", piece.text, "")
            for piece in pieces
        ),
    )


@register.filter
def tone(word: str) -> str:
    """Return the colour family of a stored word: ok, busy, warn, bad or idle."""
    return TONES.get(str(word), "idle")


@register.filter
def words(slug: str) -> str:
    """Turn a stored word such as no_permission into words for users."""
    return str(slug).replace("_", " ").capitalize()


@register.filter
def has_old_links(collection: Collection, connection: Connection) -> bool:
    """Tell whether a collection's links lag behind its fields."""
    return collection.has_old_links(connection.last_synced_at)


@register.simple_tag
def badge(text: str, tone: str) -> SafeString:
    """Draw a state as a word, an icon and a colour, never by colour alone."""
    return format_html(BADGE, tone, "", tone_icon(tone), text)


@register.simple_tag
def status_badge(status: Status) -> SafeString:
    """Draw the one condition that is shown of a connection."""
    state = format_html(STATE, status.condition.value, status.code)
    return format_html(BADGE, status.tone, state, tone_icon(status.tone), status.word)


@register.simple_tag
def run_badge(run: SyncRun) -> SafeString:
    """Draw a run's outcome, or its state while it is open."""
    return badge(run.result_text, run.tone)


@register.filter
def type_text(item: Item) -> str:
    """Return what users call this kind of item."""
    return type_name(item.provider, item.type)


@register.filter
def parent_text(item: Item) -> str:
    """Name what an item is inside of, or the one type of thing that it belongs to."""
    if not item.parent_name:
        return ""
    types = parent_types(item)
    if len(types) == 1:
        return f"{type_name(item.provider, types[0])}: {item.parent_name}"
    return f"in {item.parent_name}"


@register.simple_tag
def external(url: str, text: str, css_class: str = "") -> SafeString | str:
    """Link to a page elsewhere, only when it is plain https.

    Its icon is the stylesheet's, and that it opens in a new tab is said once for all
    such links of a page.
    """
    if not is_safe_link(url):
        return ""
    looks = format_html(' class="{}"', css_class) if css_class else ""
    return format_html(EXTERNAL, looks, url, text)


@register.filter
def is_safe_link(url: str) -> bool:
    """Tell whether a link found in provider data may be offered."""
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return False
    # A user name in front of the host is how look-alike links are made.
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc


@register.simple_tag(takes_context=True)
def nav_link(
    context: Context, view_name: str, text: str, count: int | None = None
) -> SafeString:
    """Link to a page of a menu and tell whether it is the open one."""
    url = fixed_path(view_name)
    path = context["request"].path
    is_here = path == url if url == "/" else path.startswith(url)
    counted = ""
    if count is not None:
        with context.push(count=count, is_live=False):
            counted = live_part(context, *COUNTED, tag="span")
    return format_html(NAV_LINK, url, HERE if is_here else "", text, counted)


@register.simple_tag
def sign_in_providers() -> list[ProviderSpec]:
    """Return the providers whose accounts may open a session here, usually none."""
    if not settings.PROVIDER_SIGN_IN:
        return []
    return [s for s in SPECS.values() if settings.PROVIDERS[s.slug].is_configured]


@register.filter
def plain_widget(field: BoundField) -> SafeString:
    """Render a field without the placeholder that only repeats its label."""
    return field.as_widget(attrs={"placeholder": False})


@register.filter
def browser(user_agent: str) -> str:
    """Name the browser and system of a session for users."""
    name = next((n for n in BROWSERS if n in user_agent), "Browser").rstrip("/")
    system = next((words for part, words in SYSTEMS if part in user_agent), "")
    name = {"Edg": "Edge", "OPR": "Opera"}.get(name, name)
    return f"{name} on {system}" if system else name


@register.filter
def message_tone(tags: str) -> str:
    """Return the colour family of a message's tags."""
    return next((TONES[tag] for tag in tags.split() if tag in TONES), "busy")


@register.simple_tag
def held_sample(collection: Collection) -> list[Item]:
    """Return some of the items whose deletion waits for a user."""
    return held_deletions.sample_of(collection)
