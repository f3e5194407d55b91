"""Share fixtures between all tests, and keep the fast ones off the network."""

import gc
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from _pytest import runner
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import client as test_client

from config.deep_calls import with_room
from integrations.services.grants.stores import grant_ledger
from tests.support import lock_order
from tests.support.compiled import compile_tests
from tests.support.guards.groups import InGroups, order_of, stack_of
from tests.support.guards.hours import seconds_to_wait
from tests.support.migrated import migrated_before
from tests.support.pages import kept_rows
from tests.support.pages.content import has_rows_of_another, left_to_the_next
from tests.support.pages.kept_rows import kept
from tests.support.provider_answers import tally

pytest_plugins = ["tests.real.support.fixtures", "tests.browser.fixtures"]
REAL = {"real", "browser"}
# Looks for garbage among modules and tests, all of which stay, are a third of what it
# takes to collect the tests and to end.
gc.disable()
# How much may be new before the next look for garbage among it. A test makes more than
# Python's own 700 things with every page and every sync, most of which it then keeps.
NEW_THINGS = 20_000


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InGroups | None:
    if config.getoption("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False
    return InGroups(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    compile_tests(config)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Read only the files that hold them when the tests to run alone are asked for."""
    wanted = str(config.option.markexpr)
    if "alone" not in wanted or "not alone" in wanted or not collection_path.is_file():
        return None
    return None if "mark.alone" in collection_path.read_text("utf-8") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What waits comes first; what computes fills the workers up to the end.
    items.sort(key=lambda item: (order_of(item.nodeid), stack_of(item)))


def pytest_sessionfinish() -> None:
    tally.save()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Look for garbage in what the tests make, not in what is there before them."""
    gc.freeze()
    gc.set_threshold(NEW_THINGS)
    gc.enable()


run_with_room = with_room(runner.pytest_runtest_protocol)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    time.sleep(seconds_to_wait(time.time()))
    return run_with_room(item, nextitem)


@pytest.fixture(scope="session", autouse=True)
def contexts_of_pages() -> Iterator[None]:
    """Have a test's browser keep the context of each page, not of all its parts.

    A page includes hundreds, and Django's own copies each: a tenth of drawing it.
    """
    store = test_client.store_rendered_templates

    def store_page(
        found: dict[str, Any],
        signal: Any,
        sender: Any,
        template: Any,
        context: Any,
        **more: Any,
    ) -> None:
        if context.template is template:
            store(found, signal, sender, template, context, **more)
        else:
            found.setdefault("templates", []).append(template)

    with mock.patch.object(test_client, "store_rendered_templates", store_page):
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None
) -> Iterator[None]:
    """Set the test database up as ever, out of what was migrated before."""
    with migrated_before():
        request.getfixturevalue("django_db_setup")
    with left_to_the_next():
        yield


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> None:
    """Begin a test's transaction in the database that its fixtures begin with."""
    with django_db_blocker.unblock():
        kept_rows.restore(request.node)
    request.getfixturevalue("_django_db_helper")
    kept_rows.begin()


class NetworkUsedError(AssertionError):
    """Report that a test without a marker reached for the network."""


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections in the fast tier; a fake transport answers there."""
    if REAL & {marker.name for marker in request.node.iter_markers()}:
        return

    def refuse(_socket: socket.socket, address: Any) -> None:
        raise NetworkUsedError(f"this test has no business with {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Start every test with nothing cached: rate limits count from zero.

    Nothing is known of grants either: databases that tests copy were not restored.
    """
    yield
    cache.clear()
    (settings.VAR_DIR / grant_ledger.FILE).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def locks_in_order() -> Iterator[None]:
    """Hold every transaction of the product to the order of ``row_locks``."""
    with lock_order.watched() as order:
        yield
    assert order.late == []
    assert order.unordered == []


@pytest.fixture(autouse=True)
def described_calls() -> Iterator[None]:
    """Let no call differ from its description, also where a sync only notes it."""
    before = tally.disagreements()
    yield
    assert tally.disagreements() == before


@pytest.fixture
def without_logs() -> Iterator[None]:
    """Keep thousands of refused calls from being told one by one."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
@kept
def alice(db: None) -> User:
    """Return the user who owns things."""
    # Thousands of tests have her; few begin with a database in which she is.
    found = has_rows_of_another() and User.objects.filter(username="alice").first()
    return found or User.objects.create_user(
        "alice", "alice@example.com", "wonderland-7"
    )


@pytest.fixture
def bob(db: None) -> User:
    """Return the user who must never see them."""
    return User.objects.create_user("bob", "bob@example.com", "builder-7-yes")
