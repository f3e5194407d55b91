"""No header tells that the site is below a path: what is drawn once would keep it."""

import runpy
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from config.settings import BASE_DIR


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO"])
def test_a_trusted_proxy_hands_on_no_path_that_a_client_has_sent(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ENV_FILE", "off")
    conf: dict[str, Any] = runpy.run_path(str(BASE_DIR / "config/gunicorn.conf.py"))
    configured = Config()
    for key in configured.settings.keys() & conf.keys() - {"post_worker_init"}:
        configured.set(key, conf[key])
    sent = f"GET /items/ HTTP/1.1\r\nHost: site.example\r\n{name}: /items\r\n\r\n"

    [request] = RequestParser(configured, [sent.encode()], ("127.0.0.1", 1))

    assert [header for header, _ in request.headers] == ["HOST"]
