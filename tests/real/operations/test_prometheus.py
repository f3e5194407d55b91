"""A real Prometheus takes the metrics, the alert rules and the dashboard's queries."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.real.support.processes import Running, free_ports, wait_until
from tests.real.support.stack import BASE_DIR, Stack

pytestmark = [
    pytest.mark.real,
    pytest.mark.parametrize("stack", ["sqlite"], indirect=True),
]
MONITORING = BASE_DIR / "docs" / "monitoring"
ALERTS = MONITORING / "alerts.yml"


class Prometheus:
    """Own a server of Prometheus that scrapes a site every second."""

    def __init__(self, directory: Path, site: str) -> None:
        [port] = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [
                {"job_name": "mooring", "static_configs": [{"targets": [site]}]}
            ],
        }
        file = directory / "prometheus.yml"
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        self.running = Running(
            [
                "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / 'series'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            log=directory / "prometheus.log",
            environment={},
            cwd=directory,
        )

    def ask(self, path: str, **values: str) -> Any:
        """Return the data of an answer of its API; fail when it refuses."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=values, timeout=10)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def is_scraping(self) -> bool:
        """Tell whether it has read the site's metrics."""
        try:
            return bool(self.ask("query", query="mooring_check_passes")["result"])
        except requests.RequestException:
            return False

    def health(self) -> tuple[str, str]:
        """Return what it thinks of the site, and what was wrong with its last look."""
        [target] = self.ask("targets")["activeTargets"]
        return target["health"], target["lastError"]

    def rules(self) -> list[dict[str, Any]]:
        """Return the alert rules with what became of them."""
        return [
            rule for group in self.ask("rules")["groups"] for rule in group["rules"]
        ]


@pytest.fixture
def prometheus(stack: Stack, tmp_path: Path) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path, stack.url.removeprefix("http://"))
    yield server
    server.running.kill()


def promtool(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_real_prometheus_takes_metrics_rules_and_queries(
    stack: Stack, prometheus: Prometheus
) -> None:
    checked = promtool("check", "rules", str(ALERTS))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    told = requests.get(f"{stack.url}/metrics", timeout=10).text
    linted = promtool("check", "metrics", text=told)
    assert (linted.returncode, linted.stderr) == (0, "")

    wait_until(prometheus.is_scraping, "the site is scraped")
    # A machine that is busy with other tests may answer late, and does so once.
    wait_until(lambda: prometheus.health() == ("up", ""), "nothing is wrong with it")
    wait_until(
        lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()),
        "every rule was evaluated",
    )
    written = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]
    assert {(rule["name"], rule["health"]) for rule in prometheus.rules()} == {
        (rule["alert"], "ok") for rule in written
    }
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            prometheus.ask("query", query=expression)
