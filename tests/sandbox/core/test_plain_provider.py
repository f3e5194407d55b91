"""Check that a provider of one file can do all that a connection needs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.core.provider import Plan
from tests.sandbox.airtable.airtable_client import PKCE, VERIFIER
from tests.sandbox.conftest import start_app
from tests.sandbox.plain_provider import PROVIDER
from tests.sandbox.wsgi_client import Client, Clock, make_authorization


class Tasks(Client):
    """Send requests to the plain provider."""

    slug = "tasks"
    authorize, token = "/tasks/oauth/authorize", "/tasks/oauth/token"
    authorization = make_authorization("tasks", scope="tasks.read", **PKCE)
    identity = "dock:u1"
    probe = "/tasks/v1/me"
    app_fields = {"client_id": "sandbox-tasks", "client_secret": "sandbox-secret-tasks"}
    verifier = {"code_verifier": VERIFIER}

    def list(self, **query: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = "0"
        while cursor is not None:
            page = self.get("/tasks/v1/tasks", cursor=cursor, **query).data
            yield from page["tasks"]
            cursor = page["next"]


@pytest.fixture
def tasks(tmp_path: Path) -> Tasks:
    clock = Clock()
    app = start_app(tmp_path / "sandbox.sqlite3", clock, (PROVIDER,))
    app.sandbox.seed(Plan())
    return Tasks(app, clock)


def test_from_consent_to_an_edit_seen_in_the_next_list(tasks: Tasks) -> None:
    page = tasks.get(tasks.authorize, **tasks.authorization)
    tokens = tasks.connect()
    before = list(tasks.list())
    fresh = tasks.refresh(tokens["refresh_token"]).data
    refused = tasks.get("/tasks/v1/tasks")
    tasks.use(fresh)
    tasks.command("records/edit", id="000003", fields={"name": "Sink the buoy"})
    tasks.command("records/delete", id="000004")
    after = {task["id"]: task["name"] for task in tasks.list()}
    changed = list(tasks.list(updated_since="2026-11-18T11:06:40Z"))

    assert "Ada Dock" in page.text
    assert len(before) == 25
    assert refused.status == 401
    assert after["000003"] == "Sink the buoy"
    assert "000004" not in after
    assert [task["id"] for task in changed] == ["000003"]


def test_neither_an_unasked_scope_nor_another_account_is_seen(tasks: Tasks) -> None:
    tasks.connect("quay:u2")
    tasks.command("records/create", account="dock", field="name", value="Hidden")

    assert "Hidden" not in [task["name"] for task in tasks.list()]
    assert tasks.get("/tasks/v1/me").data["account"]["name"] == "Quay Ltd"
    assert tasks.get("/tasks/v1/lists").status == 403


def test_faults_limits_and_the_page_come_by_themselves(tasks: Tasks) -> None:
    tokens = tasks.connect()
    fault = {"kind": "status", "family": "list", "count": 1}
    tasks.command("faults/add", **fault, status=503, retry_after=7)
    broken = tasks.get("/tasks/v1/tasks")
    tasks.command("switches/set", name="calls_per_minute", value=2)
    statuses = [tasks.get("/tasks/v1/me").status for _ in range(3)]
    tasks.command("faults/add", kind="invalid_grant", family="token")
    refused = tasks.refresh(tokens["refresh_token"])

    assert (broken.status, broken.headers["Retry-After"]) == (503, "7")
    assert statuses == [200, 200, 429]
    assert refused.data["error"] == "invalid_grant"
    assert tasks.query("inventory")["types"]["tasks"]["live"] == 25
    assert "/control/do/records/edit" in tasks.get("/control/tasks").text
    assert tasks.query("providers") == {"providers": ["tasks"]}


def test_the_readme_shows_the_code_as_it_is() -> None:
    folder = Path(__file__).resolve().parents[1]
    readme = (folder.parents[1] / "sandbox" / "README.md").read_text("utf-8")
    code = (folder / "plain_provider.py").read_text("utf-8")

    blocks = re.findall(r"```python\n(.+?)```", readme, re.DOTALL)

    assert len(blocks) == 2
    for part in "\n\n\n".join(blocks).split("\n\n\n"):
        assert part.strip() in code
