"""Test how broker and cache are found."""

import pytest

from config.environment.env import Environment
from config.environment.redis import passwords, read_redis


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


def test_sentinels_serve_broker_and_cache_by_two_databases_as_well() -> None:
    found = read_redis(Environment({"REDIS_URL": "redis+sentinel://a,b/mooring"}))

    assert found.broker_url == "redis+sentinel://a,b/mooring/0"
    assert found.cache_url == "redis+sentinel://a,b/mooring/1"


def test_a_broker_may_be_rabbitmq_and_a_cache_may_not() -> None:
    env = Environment(
        {"BROKER_URL": "amqps://ann:a%2Fb@rabbit/ships", "CACHE_URL": "amqp://rabbit"}
    )

    found = read_redis(env)

    assert found.broker_url == "amqps://ann:a%2Fb@rabbit/ships"
    assert passwords(found.broker_url) == {"a/b"}
    assert [problem.name for problem in env.problems] == ["CACHE_URL"]


def test_the_password_of_sentinels_is_masked_as_well() -> None:
    url = "redis+sentinel://:one@a:1,b:2/mooring?sentinel_password=t%2Fwo"

    assert passwords(url) == {"one", "t/wo"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "http://store"),
        ("REDIS_URL", "redis://store:port"),
        ("BROKER_URL", "store:6379"),
        ("CACHE_URL", "rediss://store?ssl_cert_reqs=none"),
        ("CACHE_URL", "rediss+sentinel://a/mooring?ssl_cert_reqs=none"),
        ("BROKER_URL", "redis+sentinel://a"),
        ("BROKER_URL", "redis+sentinel://a/Mooring"),
        ("BROKER_URL", "redis+sentinel://a:port/mooring"),
        ("BROKER_URL", "amqp:///ships"),
        ("BROKER_URL", "amqp://[rabbit"),
        ("BROKER_URL", "amqp://rabbit:port/ships"),
        ("BROKER_URL", "amqp://rabbit;amqp://other"),
        ("BROKER_URL", "amqp://ann:1#word@rabbit/ships"),
        ("BROKER_URL", "amqp://ann:1/word@rabbit/ships"),
        ("BROKER_URL", "amqp://ann:1?word@rabbit/ships"),
        ("BROKER_URL", "redis://[store"),
        ("BROKER_URL", "redis://ann:1#word@store/0"),
        ("BROKER_URL", "redis://store/first"),
        ("BROKER_URL", "redis+sentinel://[a/mooring"),
        ("BROKER_URL", "redis+sentinel://a/mooring/-1"),
        ("REDIS_HOST", "redis://store"),
        ("REDIS_PORT", "tcp://10.0.0.1:6379"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    env = Environment({name: value})

    read_redis(env)

    assert [problem.name for problem in env.problems] == [name]
    assert value not in str(env.problems)
