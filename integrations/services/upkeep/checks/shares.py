"""Share of all connections from which on a figure is more than a user's own affair."""

from integrations.models import Connection
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import Result

# Where thousands are connected, some have trouble of their own all the time.
SHARE = 0.01


def too_many(census: Census, figure: str, what: str) -> Result:
    """Judge one figure of the connections by its share of all of them."""
    number = census.total(figure)
    ended = Connection.State.DISCONNECTED
    connected = [group for group in census.connections if group.state != ended]
    limit = census.total("number", connected) * SHARE
    is_well = not number or number < limit
    found = "" if is_well else f"{number:,} {what}"
    return Result(ok=is_well, found=found, facts={figure: number})
