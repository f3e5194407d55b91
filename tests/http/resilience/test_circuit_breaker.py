"""An outage of Redis costs a time-out once, and its end is noticed."""

import pytest
from redis.exceptions import ConnectionError as RedisGoneError
from redis.exceptions import RedisError

from integrations.http.resilience.circuit_breaker import CircuitBreaker, CircuitOpen


class Server:
    """A server that fails or dawdles on demand, and the clock it is watched by."""

    def __init__(self):
        self.now = 1000.0
        self.calls = 0
        self.error = None
        self.seconds = 0.0

    def __call__(self, *, value):
        self.calls += 1
        self.now += self.seconds
        if self.error:
            raise self.error
        return value


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def breaker(server):
    return CircuitBreaker("test", pause=5.0, slow=0.3, clock=lambda: server.now)


def test_an_answer_is_passed_on(server, breaker):
    assert breaker.call(server, value=7) == 7
    assert not breaker.is_open


@pytest.mark.parametrize("error", [RedisGoneError("x"), RedisError("x"), OSError("x")])
def test_a_failure_opens_the_circuit_for_a_pause(server, breaker, error):
    server.error = error

    for _ in range(3):
        with pytest.raises(CircuitOpen):
            breaker.call(server, value=7)

    assert breaker.is_open
    assert server.calls == 1


def test_a_slow_answer_is_used_and_opens_the_circuit(server, breaker):
    server.seconds = 0.4

    assert breaker.call(server, value=7) == 7
    assert breaker.is_open


def test_one_call_a_pause_is_let_through_until_the_server_answers(server, breaker):
    server.error = RedisGoneError("gone")
    with pytest.raises(CircuitOpen):
        breaker.call(server, value=7)
    server.now += 5.1

    def meanwhile(*, value):
        """Answer, after somebody else was refused while this call is under way."""
        with pytest.raises(CircuitOpen):
            breaker.call(server, value=8)
        return value

    assert breaker.call(meanwhile, value=7) == 7
    assert not breaker.is_open
    assert server.calls == 1


def test_an_error_of_the_caller_is_no_outage(server, breaker):
    server.error = ValueError("no such key")

    with pytest.raises(ValueError, match="no such key"):
        breaker.call(server, value=7)

    assert not breaker.is_open


def test_an_outage_is_logged_once_with_its_user_and_its_end(server, breaker, caplog):
    caplog.set_level("INFO")
    server.error = RedisGoneError("gone")
    for _ in range(3):
        with pytest.raises(CircuitOpen):
            breaker.call(server, value=7)
        server.now += 6
    server.error = None
    breaker.call(server, value=7)

    assert caplog.text.count("circuit open user=test reason=ConnectionError") == 1
    assert caplog.text.count("circuit closed user=test") == 1
