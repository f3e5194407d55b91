"""A web process looks for garbage in what its pages leave, not in what it loaded."""

import gc
import runpy

import pytest

from config.monitoring import machine
from tests.config.test_settings import ROOT


def test_what_a_web_process_has_loaded_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "begin", lambda: None)
    conf = runpy.run_path(str(ROOT / "config/gunicorn.conf.py"))
    kept = gc.get_freeze_count()

    try:
        conf["post_worker_init"](None)
        assert gc.get_freeze_count() > kept
    finally:
        gc.unfreeze()
