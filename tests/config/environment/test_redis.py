"""Test how broker and cache are found."""

import ssl

import pytest

from config.environment.env import Environment
from config.environment.redis import broker_tls, passwords, read_redis, without_query


def test_broker_and_cache_take_two_databases_of_one_server() -> None:
    found = read_redis(Environment({"REDIS_URL": "redis://store:6380"}))

    assert found.broker_url == "redis://store:6380/0"
    assert found.cache_url == "redis://store:6380/1"


def test_a_server_named_with_its_database_is_used_for_that_one_only() -> None:
    found = read_redis(Environment({"REDIS_URL": "redis://store/3"}))

    assert found.broker_url == found.cache_url == "redis://store/3"


def test_the_parts_of_an_address_are_enough() -> None:
    found = read_redis(
        Environment(
            {
                "REDIS_HOST": "store",
                "REDIS_PORT": "7000",
                "REDIS_PASSWORD": "a/b@c",
                "REDIS_TLS": "on",
            }
        )
    )

    assert found.broker_url == (
        "rediss://:a%2Fb%40c@store:7000/0?ssl_cert_reqs=required"
    )
    assert passwords(found.broker_url) == {"a/b@c"}


def test_tls_verifies_certificates_for_celery_too() -> None:
    url = "rediss://store:6379/0?ssl_cert_reqs=required"

    assert broker_tls(url) == {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    assert broker_tls("redis://store") is None
    assert without_query(url) == "rediss://store:6379/0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "http://store"),
        ("REDIS_URL", "redis://store:port"),
        ("BROKER_URL", "store:6379"),
        ("CACHE_URL", "rediss://store?ssl_cert_reqs=none"),
        ("REDIS_HOST", "redis://store"),
        ("REDIS_PORT", "tcp://10.0.0.1:6379"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    env = Environment({name: value})

    read_redis(env)

    assert [problem.name for problem in env.problems] == [name]
    assert value not in str(env.problems)
