"""Register kombu's transports with their faults fixed, by the schemes of addresses.

By name: a process that reaches no broker, as most commands, imports none of them.
"""

from typing import Final

from kombu.transport import TRANSPORT_ALIASES

MENDED: Final = {
    "redis": "Transport",
    "rediss": "Transport",
    "sentinel": "SentinelTransport",
    "amqp": "RabbitTransport",
}


def use_mended_transports() -> None:
    """Have kombu take the transports of ``config.background.broker``."""
    for scheme, name in MENDED.items():
        TRANSPORT_ALIASES[scheme] = f"config.background.broker:{name}"
