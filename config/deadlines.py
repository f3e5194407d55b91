"""Deadlines that depend on each other, from a call that spends something outward.

The answer to a token or a code comes once, so nothing around such a call ends before
it: no stop of its process, no container, no proxy.
"""

import math
from typing import Final

from config.environment.env import Environment

TOKEN_SECONDS: Final = 60.0
LONGEST_TOKEN_SECONDS: Final = 120.0
# For storing an answer, and for a fallback where no database takes it.
STORING_SECONDS: Final = 15.0
# What a worker may take for anything else that is under way when it is asked to stop.
SHUTDOWN_SECONDS: Final = 22.0
# Whoever stops a process waits longer than it takes, whatever TOKEN_TIMEOUT is.
KILLED_AFTER_SECONDS: Final = LONGEST_TOKEN_SECONDS + STORING_SECONDS + 10.0


def token_timeout(env: Environment) -> float:
    """Read how long a call that spends a token or a code may take, in seconds."""
    return env.number(
        "TOKEN_TIMEOUT", default=TOKEN_SECONDS, low=0.1, high=LONGEST_TOKEN_SECONDS
    )


def stop_seconds(timeout: float) -> int:
    """Return how long a process may take that is stopped in such a call."""
    return math.ceil(max(SHUTDOWN_SECONDS, timeout + STORING_SECONDS))
