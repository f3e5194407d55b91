"""Broker in Celery's terms: Redis, Redis behind Sentinel, or RabbitMQ."""

import ssl
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from config.environment.address import read_address
from config.environment.sentinel import (
    Sentinels,
    is_sentinel,
    read_sentinels,
    tls_options,
)

RABBITMQ: Final = ("amqp", "amqps")
# A page that queues work must not wait for a dead broker: the work is a row in the
# database and the sweeper publishes it later. Workers wait longer.
TIMEOUTS: Final = {"socket_connect_timeout": 0.5, "socket_timeout": 0.6}


class Broker(Struct, frozen=True, kw_only=True):
    """Address, TLS and the options of the transport, as Celery's settings have them."""

    url: str
    tls: dict[str, Any] | None
    options: dict[str, Any]


def is_rabbitmq(url: str) -> bool:
    """Tell whether an address is that of a RabbitMQ, and makes sense."""
    try:
        return read_address(url).scheme in RABBITMQ
    except ValueError:
        return False


def read_broker(url: str, *, visibility_timeout: int) -> Broker:
    """Return the broker at an address that was accepted.

    ``visibility_timeout``: after so many seconds Redis gives a message again that
    nobody has acknowledged.
    """
    if is_rabbitmq(url):
        return _rabbitmq(url)
    options = {
        "visibility_timeout": visibility_timeout,
        **TIMEOUTS,
        "health_check_interval": 10,
    }
    if is_sentinel(url):
        return _sentinel(read_sentinels(url), options)
    parts = urlsplit(url)
    is_tls = parts.scheme == "rediss"
    return Broker(
        url=without_query(url),
        tls=tls_options(dict(parse_qsl(parts.query))) if is_tls else None,
        options=options,
    )


def without_query(url: str) -> str:
    """Return a URL without its options, which Celery takes separately."""
    return urlsplit(url)._replace(query="").geturl()


def _sentinel(sentinels: Sentinels, options: dict[str, Any]) -> Broker:
    return Broker(
        url=sentinels.celery_url(),
        tls=sentinels.tls or None,
        options={
            **options,
            "master_name": sentinels.service,
            "sentinel_kwargs": sentinels.sentinel_options(TIMEOUTS),
        },
    )


def _rabbitmq(url: str) -> Broker:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    tls: dict[str, Any] | None = None
    if parts.scheme == "amqps":
        # Its host is looked for in the certificate only where it is named here.
        tls = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
        if "ssl_ca_certs" in options:
            tls["ca_certs"] = options["ssl_ca_certs"]
    return Broker(
        # The scheme of Celery for either; TLS is told beside it.
        url=parts._replace(scheme="amqp", query="").geturl(),
        tls=tls,
        # A message counts as sent when RabbitMQ says that it has it.
        options={"confirm_publish": True},
    )
