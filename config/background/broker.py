"""Fix for one fault of kombu's Redis transport, so that workers outlive the broker."""

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as upstream


class Channel(upstream.Channel):
    """Close completely although the server has gone.

    kombu 5.7.0 gives up closing when the last answer cannot be read, closes again
    without its transport, and Celery 5.7.0 then ends the worker over an
    AttributeError whenever a task was running as the connection broke.
    """

    def close(self) -> None:
        try:
            super().close()
        except self.connection_errors:  # type: ignore[attr-defined] # set at run time
            super().close()


class Transport(upstream.Transport):
    """kombu's Redis transport with the channel above."""

    Channel = Channel


def use_mended_transport() -> None:
    """Register the fixed transport for redis:// and rediss:// addresses."""
    TRANSPORT_ALIASES.update(
        dict.fromkeys(("redis", "rediss"), "config.background.broker:Transport")
    )
