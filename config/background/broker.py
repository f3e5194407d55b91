"""Faults of kombu's transports, fixed so that workers outlive and trust the broker."""

from typing import Any

from kombu.transport import pyamqp
from kombu.transport import redis as upstream

# How long RabbitMQ may take to say that it has a message, in seconds.
CONFIRM_SECONDS = 2.0


class _Closing:
    """Close completely although the server has gone.

    kombu 5.7.0 gives up closing when the last answer cannot be read, closes again
    without its transport, and Celery 5.7.0 then ends the worker over an
    AttributeError whenever a task was running as the connection broke.
    """

    def close(self) -> None:
        parent: Any = super()
        try:
            parent.close()
        except self.connection_errors:  # type: ignore[attr-defined] # set at run time
            parent.close()


class Channel(_Closing, upstream.Channel):
    """Channel of a Redis."""


class Transport(upstream.Transport):
    """kombu's Redis transport with the channel above."""

    Channel = Channel


class SentinelChannel(_Closing, upstream.SentinelChannel):
    """Channel of a Redis behind Sentinel."""


class SentinelTransport(upstream.SentinelTransport):
    """kombu's transport of Sentinel with the channel above."""

    Channel = SentinelChannel


class ConfirmedChannel(pyamqp.Channel):
    """Channel of RabbitMQ that does not wait for ever for a message to be taken.

    RabbitMQ stops to read from publishers while it lacks memory or disk.
    """

    def basic_publish_confirm(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["confirm_timeout"] = kwargs.get("confirm_timeout") or CONFIRM_SECONDS
        return super().basic_publish_confirm(*args, **kwargs)


class ConfirmedConnection(pyamqp.Connection):
    """Connection to RabbitMQ with channels as above."""

    Channel = ConfirmedChannel


class RabbitTransport(pyamqp.Transport):
    """kombu's transport of RabbitMQ with the connection above."""

    Connection = ConfirmedConnection
