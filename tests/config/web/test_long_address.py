"""The web server takes addresses that filters of tables make."""

import runpy

import pytest

from integrations.views.items.tables.filtering.page import MOST_ADDRESS
from tests.config.test_settings import ROOT


def test_an_address_that_a_filter_makes_is_taken_within_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENV_FILE", "off")
    conf = runpy.run_path(str(ROOT / "config/gunicorn.conf.py"))

    # A percent sign of it becomes three characters.
    longest = MOST_ADDRESS * 5 // 3
    assert longest + 150 <= conf["limit_request_line"]
