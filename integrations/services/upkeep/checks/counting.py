"""Judge a figure: none is well, or fewer than make it more than users' own affair."""

from integrations.models import Connection
from integrations.models.messages.wording import count_text
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import Result

# Where thousands are connected, some have trouble of their own all the time.
SHARE = 0.01
Verbs = tuple[str, str]


def counted(figure: str, number: int, noun: str, verbs: Verbs) -> Result:
    """Judge a figure that should be none; the verbs are for one and for several."""
    found = count_text(number, noun, verb=verbs) if number else ""
    return Result(ok=not number, found=found, facts={figure: number})


def too_many(census: Census, figure: str, noun: str, verbs: Verbs) -> Result:
    """Judge one figure of the connections by its share of all of them."""
    number, ended = census.total(figure), Connection.State.DISCONNECTED
    connected = [group for group in census.connections if group.state != ended]
    if number < census.total("number", connected) * SHARE:
        return Result(ok=True, facts={figure: number})
    return counted(figure, number, noun, verbs)
