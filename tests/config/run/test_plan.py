"""Test what `make run` decides to start."""

import re
from pathlib import Path

import pytest

from config import settings
from config.background.queues import QUEUES
from config.run.plan import Plan, PlanError, make_plan
from integrations.providers import SPECS

ROOT = Path(__file__).resolve().parents[3]
CREDENTIALS = {f"{spec.env_prefix}CLIENT_ID": "mine" for spec in SPECS.values()}


def plan(tmp_path: Path, **values: str) -> Plan:
    return make_plan(tmp_path, values)


def names(made: Plan) -> list[str]:
    return [process.name for process in made.processes]


def test_a_bare_machine_gets_everything(tmp_path: Path) -> None:
    made = plan(tmp_path)

    assert names(made) == [
        "valkey",
        "sandbox",
        "web",
        "worker-refresh",
        "worker-interactive",
        "worker-sync",
        "beat",
    ]
    assert made.environment["REDIS_URL"] == "redis://127.0.0.1:6390"
    assert made.environment["SANDBOX"] == "http://localhost:8100"
    assert made.web_port == 8000


def test_processes_begin_as_in_the_image_unless_the_operator_says_otherwise(
    tmp_path: Path,
) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    in_image = dict(re.findall(r"(\w+)=(\w+)", dockerfile))
    made = plan(tmp_path).environment
    names = ("MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "PYTHONFAULTHANDLER")

    for name in names:
        assert made[name] == in_image[name] != ""
        assert plan(tmp_path, **{name: "8"}).environment[name] == "8"


@pytest.mark.parametrize("name", ["REDIS_URL", "REDIS_HOST"])
def test_a_server_of_ones_own_is_used(tmp_path: Path, name: str) -> None:
    assert "valkey" not in names(plan(tmp_path, **{name: "redis://store"}))


def test_real_credentials_replace_the_sandbox(tmp_path: Path) -> None:
    made = plan(tmp_path, **CREDENTIALS)

    assert "sandbox" not in names(made)
    assert made.sandboxed == {}
    assert "SANDBOX" not in made.environment


def test_a_sandbox_elsewhere_is_not_started_here(tmp_path: Path) -> None:
    made = plan(tmp_path, SANDBOX="http://localhost:9999")

    assert "sandbox" not in names(made)
    assert made.environment["SANDBOX"] == "http://localhost:9999"
    assert made.sandboxed


def test_the_sandbox_can_be_switched_off(tmp_path: Path) -> None:
    made = plan(tmp_path, SANDBOX="off")

    assert "sandbox" not in names(made)
    assert made.sandboxed == {}


def test_the_site_listens_on_the_port_that_users_type(tmp_path: Path) -> None:
    made = plan(tmp_path, PUBLIC_BASE_URL="http://localhost:8123/")

    web = next(process for process in made.processes if process.name == "web")
    assert web.command[-2:] == ["--bind", "127.0.0.1:8123"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VALKEY_PORT", "many"),
        ("SANDBOX_PORT", "70000"),
        ("PUBLIC_BASE_URL", "http://localhost:port"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(PlanError, match=name) as refused:
        plan(tmp_path, **{name: value})

    assert value not in str(refused.value)


def taken_from(commands: str) -> list[list[str]]:
    """Return the queues of each worker that is started."""
    return [each.split(",") for each in re.findall(r"worker -Q ([\w,]+) ", commands)]


def test_every_queue_has_its_worker_here_and_in_compose(tmp_path: Path) -> None:
    started = [" ".join(process.command) for process in plan(tmp_path).processes]
    taken = taken_from(" ".join(started))

    assert {name for names in taken for name in names} == set(QUEUES)
    assert taken_from((ROOT / "compose.yaml").read_text("utf-8")) == taken


def test_what_beat_asks_for_waits_behind_no_token_call_nor_one_workers_death(
    tmp_path: Path,
) -> None:
    started = [" ".join(process.command) for process in plan(tmp_path).processes]
    taking = [names for names in taken_from(" ".join(started)) if "ticks" in names]

    assert len(taking) > 1
    assert all("refresh" not in names for names in taking)
    routes = settings.CELERY_TASK_ROUTES
    for task in ("dispatch_*", "enqueue_lost", "sync_after_lost_worker", "watch"):
        assert routes[f"integrations.tasks.{task}"] == {"queue": "ticks"}


def test_no_worker_waits_for_work_that_nothing_sends() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    beaten = {
        entry["args"][0]
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if name.startswith("heartbeat.")
    }

    assert routed == beaten == set(QUEUES)
    # Whoever starts a worker with a name of a later release is not refused.
    assert settings.CELERY_TASK_CREATE_MISSING_QUEUES


def test_waiting_in_a_sync_costs_a_thread_and_a_refresh_has_a_process(
    tmp_path: Path,
) -> None:
    pools = {
        process.name: process.command[process.command.index("--pool") + 1]
        for process in plan(tmp_path).processes
        if process.name.startswith("worker-")
    }

    assert pools == {
        "worker-refresh": "prefork",
        "worker-interactive": "threads",
        "worker-sync": "threads",
    }
