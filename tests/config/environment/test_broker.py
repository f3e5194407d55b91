"""Test what Celery and the cache are told of the addresses that an operator gave."""

import ssl

from config.cache import read_cache
from config.environment.broker import read_broker
from config.environment.sentinel import read_sentinels

VERIFIED = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
SENTINELS = (
    "rediss+sentinel://ann:a%2Fb@one:26380,two/mooring/3"
    "?ssl_ca_certs=/etc/ca.pem&sentinel_password=word"
)


def test_tls_verifies_certificates_for_celery_too() -> None:
    own = read_broker("rediss://store:6379/0?ssl_ca_certs=/ca", visibility_timeout=300)
    plain = read_broker("redis://store/0", visibility_timeout=300)

    assert own.tls == {**VERIFIED, "ssl_ca_certs": "/ca"}
    assert own.url == "rediss://store:6379/0"
    assert plain.tls is None
    assert plain.options["visibility_timeout"] == 300


def test_celery_asks_each_sentinel_by_tls_and_password() -> None:
    broker = read_broker(SENTINELS, visibility_timeout=300)

    assert broker.url == (
        "sentinel://ann:a%2Fb@one:26380/3;sentinel://ann:a%2Fb@two:26379/3"
    )
    assert broker.tls == {**VERIFIED, "ssl_ca_certs": "/etc/ca.pem"}
    assert broker.options["master_name"] == "mooring"
    asked = broker.options["sentinel_kwargs"]
    assert (asked["ssl"], asked["password"]) == (True, "word")
    assert asked["socket_timeout"] < 1


def test_the_cache_is_asked_for_through_its_sentinels() -> None:
    cache = read_cache(SENTINELS)

    assert cache["LOCATION"] == "redis://mooring/3"
    options = cache["OPTIONS"]
    assert options["SENTINELS"] == [("one", 26380), ("two", 26379)]
    assert options["SENTINEL_KWARGS"]["password"] == "word"
    assert (options["USERNAME"], options["PASSWORD"]) == ("ann", "a/b")
    assert options["CONNECTION_POOL_KWARGS"]["ssl"]
    assert "ssl" not in read_cache("redis+sentinel://one/mooring")["OPTIONS"]
    assert read_cache("redis://one/1")["LOCATION"] == "redis://one/1"


def test_a_sentinel_is_named_by_its_address_too() -> None:
    found = read_sentinels("redis+sentinel://[::1]:7000/mooring")

    assert found.hosts == (("::1", 7000),)
    assert found.celery_url() == "sentinel://[::1]:7000/0"


def test_rabbitmq_confirms_and_proves_its_name() -> None:
    broker = read_broker(
        "amqps://ann:word@rabbit:5671/ships?ssl_ca_certs=/ca", visibility_timeout=300
    )

    assert broker.url == "amqp://ann:word@rabbit:5671/ships"
    assert broker.tls == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "rabbit",
        "ca_certs": "/ca",
    }
    assert broker.options == {"confirm_publish": True}
    assert read_broker("amqp://rabbit", visibility_timeout=300).tls is None
