"""Table of metrics, alert rules and dashboard name what there is, all of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

from integrations.models import RefreshAttempt
from integrations.services.common.metrics import COUNTED
from integrations.services.upkeep.checks.registry import CHECKS
from integrations.services.upkeep.metrics import TAKEN

ROOT = Path(__file__).parent.parent
ALERTS = ROOT / "docs" / "monitoring" / "alerts.yml"
SCHEMA = ROOT / "tests" / "support" / "grafana_dashboard.json"
DASHBOARD = ROOT / "docs" / "monitoring" / "dashboard.json"
NAMES = {
    *(metric.name if metric.buckets else f"{metric.name}_total" for metric in COUNTED),
    *(gauge.name for gauge in TAKEN),
}
NAME = re.compile(r"\bmooring_\w+")
LABELS = {label for metric in (*COUNTED, *TAKEN) for label in metric.labels} | {"le"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads(DASHBOARD.read_text("utf-8"))["panels"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def metrics_in(expression: str) -> set[str]:
    found = NAME.findall(expression)
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in found}


def test_the_table_has_each_metric_with_its_labels() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| `(mooring_\w+)` \| ([^|]*)\|", text, re.MULTILINE)
    told = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    metrics = {
        **{m.name if m.buckets else f"{m.name}_total": m.labels for m in COUNTED},
        **{gauge.name: gauge.labels for gauge in TAKEN},
    }

    assert told == metrics


def test_rules_and_panels_ask_for_metrics_that_exist() -> None:
    asked = {name for each in expressions() for name in metrics_in(each)}

    # A figure that nobody can see need not be counted.
    assert asked == NAMES


def test_rules_and_panels_use_labels_that_exist() -> None:
    for each in expressions():
        used = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\"", each)
        used += re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", each)))
        assert set(used) <= LABELS, each


def test_a_token_that_was_put_aside_is_no_refresh_that_failed() -> None:
    [rule] = [rule for rule in rules() if rule["alert"] == "MooringRefreshesFail"]
    [well] = re.findall(r'outcome!~"([^"]+)"', rule["expr"])
    outcomes = RefreshAttempt.Outcome

    assert {outcomes.REFRESHED, outcomes.FALLBACK_STORED} <= set(well.split("|"))
    assert set(well.split("|")) <= set(outcomes.values)


def test_each_rule_says_what_to_do_about_it() -> None:
    ids = {check.id for check in CHECKS} | {"{{ $labels.check }}"}
    names = [rule["alert"] for rule in rules()]

    assert len(set(names)) == len(names)
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        page, _, paragraph = rule["annotations"]["runbook"].partition("#")
        assert (ROOT / page).is_file()
        assert paragraph in ids


def test_the_dashboard_is_one_that_grafana_loads() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    ids = [panel["id"] for panel in panels()]

    errors = Draft7Validator(schema).iter_errors(dashboard)
    assert [(*error.path, error.message) for error in errors] == []
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
