"""Test what `make run` says is simulated."""

from pathlib import Path

from config.run.plan import Plan, make_plan
from config.run.simulated import Simulated
from integrations.providers import SPECS
from sandbox.core.config import Config
from sandbox.core.serving.app import App
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.sandbox.wsgi_client import Client, Clock


def plan(tmp_path: Path, **values: str) -> Plan:
    return make_plan(tmp_path, {"SANDBOX": "http://sandbox", **values})


def test_only_what_the_sandbox_simulates_is_called_simulated(tmp_path: Path) -> None:
    storage, providers = Storage(tmp_path / "sandbox.sqlite3"), PROVIDERS[:-1]
    made = Sandbox(storage, config=Config(), providers=providers)
    client = Client(App(made), Clock())
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return client.get("/control/api/providers").body

    simulated = Simulated(plan(tmp_path), fetch)
    first, _, second = simulated.tell().partition("\n")

    slugs = {provider.slug for provider in providers}
    known = [spec.name for slug, spec in SPECS.items() if slug in slugs]
    others = [spec.name for slug, spec in SPECS.items() if slug not in slugs]
    assert first.endswith(f": {', '.join(known)}")
    assert second.endswith(f"not simulated: {', '.join(others)}")
    assert simulated.tell() == ""
    assert asked == ["http://sandbox"]


def test_a_sandbox_that_still_starts_is_asked_again(tmp_path: Path) -> None:
    answers = [b"<html>", b"[]", b'{"providers": []}']

    def fetch(url: str) -> bytes:
        if len(answers) == 3 and not told:
            told.append("refused")
            raise ConnectionRefusedError
        return answers.pop(0)

    told: list[str] = []
    simulated = Simulated(plan(tmp_path), fetch)

    assert [simulated.tell() for _ in range(3)] == [""] * 3
    assert "not simulated" in simulated.tell()


def test_with_credentials_nothing_is_asked(tmp_path: Path) -> None:
    credentials = {f"{spec.env_prefix}CLIENT_ID": "x" for spec in SPECS.values()}

    assert Simulated(plan(tmp_path, **credentials), lambda _: b"").tell() == ""
