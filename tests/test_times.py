"""One way to show a datetime: no template, view or script may have a second one."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.formats import localize
from django.utils.timezone import template_localtime

from integrations.models.messages.wording import time_text

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("templates/**/*.txt")]
CODE = [
    path
    for tree in ("config", "integrations")
    for path in sorted(ROOT.glob(f"{tree}/**/*.py"))
    if "migrations" not in path.parts
]
SCRIPTS = sorted(ROOT.glob("static/js/*.js"))
FORMATTER = ROOT / "integrations/providers/typed/plain.py"
FILTERS = ROOT / "integrations/templatetags/times.py"
# Texts for machines: cookies, cursors, JSON, logs, attributes of elements.
MACHINES = {
    "integrations/http/observability/redaction.py",
    "integrations/providers/typed/typed_json.py",
    "integrations/providers/hubspot/writing.py",
    "integrations/services/grants/stores/consent_store.py",
    "integrations/services/items/tables/listing.py",
    "integrations/services/items/tables/operators.py",
    "integrations/services/writing/imports/conversion.py",
    "integrations/views/editing/form.py",
    "integrations/views/items/download.py",
    "integrations/views/items/past/list_as_of.py",
    "integrations/views/items/past/past_times.py",
    "integrations/views/items/tables/as_of.py",
    "integrations/views/items/tables/table.py",
    "integrations/providers/airtable/listing/records.py",
    "integrations/providers/hubspot/mapping/display.py",
    "integrations/providers/notion/listing/querying.py",
    "config/monitoring/sentry.py",
    "integrations/services/connections/handover/records.py",
    "integrations/services/grants/stores/fallback_store.py",
    "integrations/services/grants/stores/restored_database.py",
    "integrations/services/grants/token_cache.py",
    "integrations/services/items/export.py",
    "integrations/services/items/history/change_query.py",
    "integrations/services/items/relations/everything.py",
    "integrations/services/items/lists/query.py",
    "integrations/services/items/search/datetimes.py",
    "integrations/views/items/past/as_of.py",
    "integrations/views/items/past/changes.py",
    "integrations/services/sync/failures.py",
    "integrations/services/connections/findings.py",
    "integrations/services/sync/stored/stored_items.py",
    "integrations/services/upkeep/health.py",
    "integrations/services/upkeep/overview.py",
    "integrations/services/upkeep/checks/processes.py",
    "integrations/views/connections/selection.py",
    "integrations/views/items/parts/values.py",
    "integrations/views/live.py",
    "integrations/views/site/visits.py",
}
OURS = {"when", "exact_time", "plain_time", "shown_time", "duration"}
THEIRS = re.compile(
    r"\|\s*(date|time|timesince|timeuntil|naturaltime|naturalday|localtime|utc"
    r"|timezone)\b|\{%\s*now\b|<time\b"
)
SHOWN = re.compile(r"\{\{\s*([\w.]+)\s*((?:\|[^}]*)?)\}\}")
# A form field's value is no text for users.
NAMED_LIKE_A_TIME = re.compile(r"(?:^|\.)(?!shown_at$)(?:\w*_at|\w*until|since|when)$")
WRITERS = {
    *("strftime", "ctime", "date_format", "time_format", "naturaltime", "naturalday"),
    *("timesince", "timeuntil", "localtime", "http_date", "localize"),
}
PATTERN = re.compile(r"%[-_0]?[aAbBcdDeFgGHIjklmMpPrRsSTuUVwWxXyYzZ]")
IN_SCRIPTS = re.compile(r"toLocale\w*|new Date|Date\.now|\.format\(|RelativeTimeFormat")


def ways_of_template(text: str) -> Iterator[str]:
    """Yield what a template shows of times in a way of its own."""
    yield from (found[0] for found in THEIRS.finditer(text))
    for name, filters in SHOWN.findall(text):
        used = {part.partition(":")[0].strip() for part in filters.split("|")[1:]}
        if NAMED_LIKE_A_TIME.search(name) and not used & OURS:
            yield name


def ways_of_code(source: str, *, is_for_machines: bool = False) -> Iterator[str]:
    """Yield what a module does to write times in a way of its own."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in WRITERS:
                yield name
            case ast.Attribute(attr="isoformat") if not is_for_machines:
                yield "isoformat"
            case ast.FormattedValue(format_spec=ast.JoinedStr() as spec):
                if PATTERN.search(ast.unparse(spec)):
                    yield ast.unparse(spec)


def test_a_template_shows_times_by_our_filters_alone() -> None:
    found = {
        str(path): ways
        for path in TEMPLATES
        if (ways := list(ways_of_template(path.read_text(encoding="utf-8"))))
    }

    assert len(TEMPLATES) > 100
    assert found == {}


def test_no_module_writes_times_besides_the_one() -> None:
    found = {}
    for path in CODE:
        name = str(path.relative_to(ROOT))
        source = path.read_text(encoding="utf-8")
        ways = list(ways_of_code(source, is_for_machines=name in MACHINES))
        if ways and path not in {FORMATTER, FILTERS}:
            found[name] = ways

    assert len(CODE) > 100
    assert found == {}


def test_every_exception_is_still_one() -> None:
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in MACHINES}

    assert all("isoformat" in list(ways_of_code(each)) for each in sources.values())


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_writes_times(path: Path) -> None:
    assert IN_SCRIPTS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "template",
    [
        '{{ item.seen|date:"j M Y" }}',
        "{{ seen|timesince }}",
        "{{ run.started_at }}",
        "{{ run.started_at|default:'-' }}",
        "{{ since }}",
        "{% now 'Y' %}",
        "<time>{{ text }}</time>",
    ],
)
def test_a_second_way_in_a_template_is_found(template: str) -> None:
    assert list(ways_of_template(template))
    assert not list(ways_of_template("{{ run.started_at|when }} {{ day.name|title }}"))


@pytest.mark.parametrize(
    "source",
    [
        "at.strftime('%Y')",
        "f'{at:%H:%M}'",
        "at.isoformat()",
        "date_format(at)",
        "timezone.localtime(at)",
        "naturaltime(at)",
    ],
)
def test_a_second_way_in_code_is_found(source: str) -> None:
    assert list(ways_of_code(source))
    assert not list(ways_of_code("f'{share:.0%} {n:,} {x!r:>8}'"))


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]
)
@pytest.mark.parametrize("month", [1, 9])
def test_django_itself_writes_the_same(zone: str, month: int) -> None:
    at = datetime(2026, month, 3, 4, 5, tzinfo=UTC)

    with timezone.override(ZoneInfo(zone)):
        assert localize(template_localtime(at)) == time_text(at)
