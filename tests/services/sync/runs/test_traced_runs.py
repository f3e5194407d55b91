"""What a sync does can be found in the log by its run, down to the provider."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Connection
from tests.config.monitoring.logging_set_up import Log
from tests.services.fixtures import FinishSync
from tests.support.rows import make_connection, make_finished_run


def test_each_call_of_a_sync_is_logged_with_its_run_and_the_providers_reference(
    connection: Connection, finish_sync: FinishSync
) -> None:
    with Log("DEBUG") as log:
        run = finish_sync(connection)

    calls = [line for line in log.lines if " call GET " in line]
    assert calls
    for line in calls:
        assert line.endswith(f" run={run.pk}")
        assert re.search(r" correlation=\S+ ", line)


@pytest.mark.parametrize(
    ("outcome", "is_shown"), [("failed", True), ("complete", False)]
)
def test_the_page_of_a_run_that_failed_shows_its_reference(
    alice: User, client: Client, outcome: str, is_shown: bool
) -> None:
    run = make_finished_run(make_connection(alice), outcome=outcome)
    client.force_login(alice)

    page = client.get(run.get_absolute_url()).content.decode()

    assert (f"<code>{run.pk}</code>" in page) is is_shown
