"""What a run has been told it does not ask for again, while that is fresh."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from integrations.http.client import ApiClient
from integrations.http.errors import InvalidResponse
from integrations.http.once import forget_post, post_once
from integrations.http.resilience.limits import LocalLimiter
from integrations.http.responses.answers import Answers
from integrations.http.secrets import Secret
from tests.support.provider_answers.fake_transport import FakeTransport

BASE = "https://api.example/v0"
SEARCH = BASE + "/search"
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def web():
    return FakeTransport()


@pytest.fixture
def api(web):
    return ApiClient(
        base_url=BASE,
        token=lambda: Secret("t"),
        transport=web,
        limiter=LocalLimiter(),
        answers=Answers(),
    )


def ask(api, body=None, *, check=bool):
    return post_once(api, "/search", check, json=body or {"q": "a"}, fresh_for=240)


def test_a_question_is_asked_once_and_another_for_itself(web, api):
    web.on("POST", SEARCH, json={"b": 1, "a": [2]})
    web.on("POST", SEARCH, json={"rows": []})

    told = [ask(api), ask(api), ask(api, {"q": "b"}), ask(api)]

    assert told == [{"b": 1, "a": [2]}] * 2 + [{"rows": []}, {"b": 1, "a": [2]}]
    assert list(told[1]) == ["b", "a"]
    assert api.calls == 2


@pytest.mark.parametrize(("minutes", "calls"), [(3, 1), (5, 2), (-1, 2)])
def test_an_answer_is_kept_while_it_is_fresh_by_a_clock_that_goes_forward(
    web, api, minutes, calls
):
    web.on("POST", SEARCH, json={"rows": [1]})
    web.on("POST", SEARCH, json={"rows": [2]})
    with time_machine.travel(NOW, tick=False):
        ask(api)

    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        assert ask(api) == {"rows": [calls]}

    assert api.calls == calls


def test_an_answer_that_is_none_is_not_kept(web, api):
    web.on("POST", SEARCH, json={"odd": True})
    web.on("POST", SEARCH, json={"rows": []})

    def check(answer):
        if "rows" not in answer:
            raise InvalidResponse("no rows")

    with pytest.raises(InvalidResponse):
        ask(api, check=check)

    assert ask(api, check=check) == {"rows": []}


def test_what_is_forgotten_is_asked_again(web, api):
    web.on("POST", SEARCH, json={"rows": [1]})
    web.on("POST", SEARCH, json={"rows": [2]})
    ask(api)

    forget_post(api, "/search", json={"q": "a"})

    assert ask(api) == {"rows": [2]}
