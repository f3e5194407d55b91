"""The documentation names every command, setting, permission, alert and notice."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from config.environment.env import LINE
from integrations.models import NoticeKind
from integrations.services.upkeep.checks.check import Severity
from integrations.services.upkeep.checks.registry import CHECKS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What was true once stands in these.
HISTORY = {"changelog.md", "decisions.md"}
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8")
    for folder in ("config", "integrations", "sandbox", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)
)
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
NAME = re.compile(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])(?:=[^`]*)?`")
# The provider that a newcomer writes.
NEWCOMER = "ACME_"


def section_below(heading: str) -> str:
    return REFERENCE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def rows_below(heading: str) -> set[str]:
    return set(re.findall(r"^\| `([\w.]+)` \|", section_below(heading), re.MULTILINE))


def test_the_reference_has_each_command_of_ours() -> None:
    files = ROOT.glob("*/management/commands/*.py")
    ours = {path.stem for path in files if path.stem != "__init__"}

    assert rows_below("Commands") == ours


def test_the_reference_has_each_permission_that_is_asked_for() -> None:
    asked = set(re.findall(r"has_perm\(\"([\w.]+)\"\)", SOURCES))

    assert rows_below("What staff may do") == asked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    named = re.findall(r"manage\.py ([a-z_]+)", page.read_text("utf-8"))
    known = {*get_commands(), "sandbox", "createsuperuser"}

    assert set(named) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_settings_that_somebody_reads(page: Path) -> None:
    if page.name in HISTORY:
        return
    named = set(NAME.findall(page.read_text("utf-8")))

    unknown = {
        name
        for name in named
        if name not in SOURCES and name not in EXAMPLE and not name.startswith(NEWCOMER)
    }

    assert unknown == set()


def test_each_setting_that_is_read_is_explained() -> None:
    settings = (ROOT / "config" / "settings.py").read_text("utf-8")
    files = [settings, *(p.read_text("utf-8") for p in (ROOT / "config").glob("*.py"))]
    readers = (
        r"env\.(?:text|flag|number|whole|choice|names|networks|url)\(\s*\"([A-Z_]+)\""
    )
    read = {name for text in files for name in re.findall(readers, text)}
    explained = {
        match[1]
        for line in EXAMPLE.splitlines()
        if (match := LINE.match(line.lstrip("#"))) and not line.startswith("# ")
    }

    assert len(read) > 30
    assert read <= explained


def test_the_reference_has_each_alert_with_its_severity_and_its_time() -> None:
    rules = yaml.safe_load((ROOT / "docs/monitoring/alerts.yml").read_text("utf-8"))
    known = {
        rule["alert"]: (rule["labels"]["severity"], rule["annotations"]["runbook"])
        for group in rules["groups"]
        for rule in group["rules"]
    }
    section = section_below("Alerts")
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE
    )

    assert {name: severity for name, severity, _ in rows} == {
        name: severity for name, (severity, _) in known.items()
    }
    for name, _, more in rows:
        paragraph = known[name][1].partition("#")[2]
        assert "{{" in paragraph or more.strip("` ") == paragraph, name


def test_an_alert_fires_for_a_check_of_any_severity() -> None:
    text = (ROOT / "docs/monitoring/alerts.yml").read_text("utf-8")
    watched = set(re.findall(r'mooring_check_passes\{severity="(\w+)"\} == 0', text))

    assert watched == {check.severity.value for check in CHECKS} == set(Severity)


def test_the_reference_has_each_kind_of_notice() -> None:
    assert rows_below("Notices") == set(NoticeKind.values)
