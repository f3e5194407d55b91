"""Template filters that draw the groups of a table: their bars, and a row for each.

A page has hundreds of both, and a template for each would be slow. Every word is
escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString

from integrations.templatetags.quick_html import format_html, format_html_join
from integrations.views.items.tables.charts import Chart

register = template.Library()

DRAWN_BAR: Final = (
    "<p><bdi>{}</bdi><span>{}</span></p>"
    '<svg width="100%" height="{}" focusable="false">'
    '<rect width="{}%" height="{}" rx="3"/></svg>\n'
)
# In pixels.
BAR: Final = 14
ROW: Final = '<tr><th scope="row">{}</th><td class="right">{}</td>{}</tr>\n'
LABEL: Final = "<bdi>{}</bdi>"
LINK: Final = '<a href="{}"><bdi>{}</bdi></a>'
CELL: Final = '<td class="right">{}{}</td>'
NO_SUM: Final = SafeString('<span class="soft">\N{EN DASH}</span>')
UNSUMMED: Final = (
    '<span class="sum soft" data-code="unsummed">{} in further currencies</span>'
)


@register.filter
def drawn_bars(chart: Chart) -> SafeString:
    """Draw the bars of a chart, each below its name and its number."""
    rows = ((bar.label, bar.text, BAR, bar.width, BAR) for bar in chart.bars)
    return format_html_join("", DRAWN_BAR, rows)


@register.filter
def drawn_groups(rows: Iterable[Mapping[str, Any]]) -> SafeString:
    """Draw a row for each group: its name, how many rows it has, and their sums."""
    return format_html_join(
        "",
        ROW,
        (
            (
                format_html(LINK, row["url"], row["label"])
                if row["url"]
                else format_html(LABEL, row["label"]),
                f"{row['count']:,}",
                format_html_join("", CELL, (_sums(*cell) for cell in row["cells"])),
            )
            for row in rows
        ),
    )


def _sums(sums: Sequence[str], unsummed: int) -> tuple[SafeString, SafeString]:
    drawn = format_html_join("", '<span class="sum">{}</span>', ((s,) for s in sums))
    if unsummed:
        return drawn, format_html(UNSUMMED, f"{unsummed:,}")
    return drawn, SafeString("") if sums else NO_SUM
