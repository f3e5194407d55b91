"""Template filters that draw what changed: entries of a day, with old and new values.

A page has fifty entries with hundreds of fields, and a template for each would be slow.
Every word is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst

from integrations.models import Edit, Item, SyncRun
from integrations.templatetags.item_rows import DELETED, ICON
from integrations.templatetags.mooring import badge, mark, tone, type_text, words
from integrations.templatetags.quick_html import format_html, format_html_join, to_html
from integrations.templatetags.times import when
from integrations.views.items.parts.values import LONG_TEXT

register = template.Library()

# So much of a longer text is shown while it is folded.
SUMMARY_LENGTH: Final = 200
ENTRY: Final = (
    '<li><div class="row">{}\n{}\n<span{}>{}</span>\n'
    '<span class="soft small">{}{} · {}</span>{}{}</div>{}{}{}</li>\n'
)
LINK: Final = '<a href="{}">{}<bdi>{}</bdi></a>'
ACCOUNT: Final = " · <bdi>{}</bdi>"
RUN: Final = '\n<a class="small" href="{}">by this sync</a>'
EDIT: Final = '\n<a class="small" href="{}">by {}, through Mooring</a>'
LEFT_VIEW: Final = (
    '<p class="small" data-code="left_view">No longer in the view '
    '<a href="{}"><bdi>{}</bdi></a>, which you follow.</p>'
)
WHY: Final = '<p class="soft small">{}.</p>'
FIELDS: Final = '<ul class="bare change">{}</ul>'
FIELD: Final = '<li><span class="soft"><bdi>{}</bdi>:</span> {}</li>\n'
FOLDED: Final = "<details><summary><bdi>{}</bdi></summary>{}</details>"
OLD: Final = "<del><bdi>{}</bdi></del> "
NEW: Final = "<ins><bdi>{}</bdi></ins>"


@register.filter
def drawn_changes(entries: Iterable[Mapping[str, Any]]) -> SafeString:
    """Draw an entry for each change: its item, what happened, and its fields."""
    return SafeString("".join(map(_entry, entries)))


@register.filter
def drawn_fields(fields: Sequence[Mapping[str, Any]]) -> SafeString:
    """Draw a line for each field that changed, of what was and of what is."""
    if not fields:
        return SafeString("")
    lines = ((each["label"], _old_and_new(each["old"], each["new"])) for each in fields)
    return format_html(FIELDS, format_html_join("", FIELD, lines))


def _entry(entry: Mapping[str, Any]) -> str:
    item, account = entry["item"], entry["account"]
    return ENTRY.format(
        mark(item.provider, item.provider_name),
        badge(words(entry["kind"]), tone(entry["kind"])),
        DELETED if item.deleted_at else "",
        _link(item),
        to_html(type_text(item)),
        format_html(ACCOUNT, account) if account else "",
        when(entry["when"]),
        _run(entry["run"]),
        _edit(entry["edit"]),
        format_html_join(
            "",
            LEFT_VIEW,
            ((each.get_absolute_url(), each.name) for each in entry["left_views"]),
        ),
        format_html(WHY, capfirst(entry["why"])) if entry["why"] else "",
        drawn_fields(entry["fields"]),
    )


def _link(item: Item) -> SafeString:
    icon = format_html(ICON, item.icon) if item.icon else ""
    return format_html(LINK, item.page_url, icon, item.name or "Untitled")


def _run(run: SyncRun | None) -> str:
    return format_html(RUN, run.get_absolute_url()) if run else ""


def _edit(edit: Edit | None) -> str:
    if edit is None:
        return ""
    return format_html(EDIT, edit.get_absolute_url(), edit.created_by or "a user")


def _old_and_new(old: object, new: object) -> SafeString:
    """Draw both values, folded where either of them is long."""
    before, after = (str(each) if each else "" for each in (old, new))
    drawn = SafeString(
        f"{format_html(OLD, before) if before else ''}"
        f"{format_html(NEW, after or '(empty)')}"
    )
    if max(len(before), len(after)) <= LONG_TEXT:
        return drawn
    summary = Truncator(after or before).chars(SUMMARY_LENGTH)
    return format_html(FOLDED, summary, drawn)
