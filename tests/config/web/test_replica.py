"""Whoever has sent something reads the primary until the replica must have it."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from config.web.replica import note_writes
from integrations.services.common.database.replica import BELIEVED_SECONDS


@pytest.mark.parametrize("lag", [5, 15, 600])
def test_what_was_sent_is_noted_for_longer_than_a_replica_may_be_behind(
    rf: RequestFactory, lag: int
) -> None:
    with override_settings(REPLICA_LAG_SECONDS=lag):
        answer = note_writes(lambda _request: HttpResponse())(rf.post("/"))

    noted = int(str(answer.cookies[settings.WROTE_COOKIE_NAME]["max-age"]))
    assert noted >= max(60, lag + 2 * BELIEVED_SECONDS)
