"""What is forked for the tests is what would have started in the usual way."""

import signal

import pytest

from tests.real.support.fixtures import MakeStack
from tests.real.support.stack import Stack

pytestmark = pytest.mark.real
TELL = """
import os, sys
from django.conf import settings
print(sys.argv, settings.PUBLIC_BASE_URL, os.environ["LOG_LEVEL"], os.getcwd())
print(sorted(os.environ), sys.stdin.read(), file=sys.stderr)
sys.exit(3)
"""
COMMANDS = (("shell", "--no-imports", "-c", TELL), ("accounts", "frobnicate"))


def told(stack: Stack) -> list[tuple[int, str, str]]:
    done = [stack.manage(*command, check=False) for command in COMMANDS]
    return [(each.returncode, each.stdout, each.stderr) for each in done]


def test_a_forked_command_is_what_one_of_its_own_process_is(
    make_stack: MakeStack,
) -> None:
    stack = make_stack()
    forked = told(stack)
    stack.plan.environment["LOG_LEVEL"] = "INFO"
    forked_elsewhere = told(stack)

    stack.fork_servers = None
    assert told(stack) == forked_elsewhere != forked
    stack.plan.environment["LOG_LEVEL"] = "DEBUG"
    assert told(stack) == forked


def test_where_nothing_can_be_imported_the_command_itself_says_so(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(DJANGO_SETTINGS_MODULE="nowhere")

    [(code, _, said), *_] = told(stack)
    assert code == 1
    assert said.splitlines()[-1] == "ModuleNotFoundError: No module named 'nowhere'"


def test_a_forked_process_is_stopped_and_killed_like_any(
    make_stack: MakeStack,
) -> None:
    stack = make_stack()
    stack.start("valkey", "worker-refresh")
    running = stack.running["worker-refresh"]

    assert stack.stop("worker-refresh") < 20
    assert running.popen.returncode == 0
    stack.start("worker-refresh")
    running = stack.running["worker-refresh"]
    stack.kill("worker-refresh")
    assert running.popen.returncode == -signal.SIGKILL


def test_one_that_has_just_been_forked_is_killed_with_its_group(
    make_stack: MakeStack,
) -> None:
    stack = make_stack()
    stack.start("valkey")

    for _ in range(20):
        stack.start("beat")
        running = stack.running["beat"]
        stack.kill("beat")

        assert running.popen.returncode == -signal.SIGKILL
