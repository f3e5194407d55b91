"""Find days and times as pages write them, whatever zone they are shown in.

A datetime is in the index by its minute in UTC. What is searched is read in the zone
of whoever looks: a time is one minute, a day all minutes between two midnights.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from integrations.providers.typed.plain import MONTHS
from integrations.providers.typed.values import to_zone

# What begins the word of a minute, and no word that is typed.
MINUTE_WORD: Final = "°"
_WORD: Final = re.compile(r"[a-z0-9]+")
_PUNCTUATION: Final = str.maketrans("", "", "-:T")
DAY: Final = timedelta(days=1)
_MONTH: Final = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    "Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
_ZONE: Final = r"UTC[+-]\d\d:\d\d|[+-]\d{2,4}|[A-Za-z]{1,5}"
_DATE: Final = (
    rf"(?<![\w.,-])(?:(?P<day>\d{{1,2}}) (?P<month>{_MONTH}) (?P<year>\d{{4}})"
    r"|(?P<iso>\d{4}-\d\d-\d\d))(?![\w-])"
)
_CLOCK: Final = (
    rf",? (?P<clock>\d{{1,2}}:\d\d)(?:(?= (?:{_ZONE})(?!\w)) (?P<zone>{_ZONE}))?"
)
_DAY: Final = re.compile(_DATE, re.IGNORECASE | re.ASCII)
# A part of each day that is found in a tenth of the time; most texts have none.
_DAY_BEGINS: Final = re.compile(r"\d(?:-\d| [A-Z])", re.IGNORECASE | re.ASCII)
WRITTEN_DAY: Final = re.compile(
    rf"{_DATE}(?:{_CLOCK}(?![\w:-]))?", re.IGNORECASE | re.ASCII
)
# How much of a minute's word stands for so many minutes, the most first.
_STEPS: Final = ((600, 10), (60, 11), (10, 12), (1, 13))


def minute_word(at: datetime) -> str:
    """Return the word of a minute."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="minutes")
    return f"{MINUTE_WORD}{text.translate(_PUNCTUATION)}"


def day_word(day: date) -> str:
    """Return the word of a day in no zone: its digits, as in 2026-11-03."""
    return day.isoformat().translate(_PUNCTUATION)


def written_days(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the words of the days that a text names, and where it names them."""
    for found in _DAY.finditer(text) if _DAY_BEGINS.search(text) else ():
        with suppress(ValueError):
            yield day_word(_day_of(found)), found.span()


class Reading(NamedTuple):
    """The spellings of a day or time, by words' beginnings, and where it ends."""

    spellings: tuple[tuple[str, ...], ...]
    end: int


def read_day(found: "re.Match[str]", zone: tzinfo) -> Reading | None:
    """Return what a match of ``WRITTEN_DAY`` is found by, None if it is no day.

    A text has it as it is written; a value is what it means in ``zone``. A word
    behind it that is no name of that zone is none of it.
    """
    clock, named = found["clock"], found["zone"] or ""
    try:
        day = _day_of(found)
        if clock is None:
            minutes = list(_minutes_of(day, zone))
            end = found.end()
        else:
            minutes = list(_minute(day, clock, named, zone))
            end = found.end() if minutes else found.end("clock")
            named = named if minutes else ""
            minutes = minutes or list(_minute(day, clock, "", zone))
    except (ValueError, OverflowError):
        return None
    beside = _WORD.findall(f"{clock or ''} {named}".lower())
    return Reading(((day_word(day), *beside), *((each,) for each in minutes)), end)


def _day_of(found: "re.Match[str]") -> date:
    if found["iso"] is not None:
        return date.fromisoformat(found["iso"])
    month = MONTHS.index(found["month"][:3].capitalize()) + 1
    return date(int(found["year"]), month, int(found["day"]))


def _minute(day: date, clock: str, named: str, zone: tzinfo) -> Iterator[str]:
    """Yield a minute, or the two that it is where clocks are put back."""
    hours, _, minutes = clock.partition(":")
    known = UTC if named.upper() in {"UTC", "GMT"} else _offset(named)
    at = _local(day, known or zone).replace(hour=int(hours), minute=int(minutes))
    for each in dict.fromkeys(map(minute_word, (at, at.replace(fold=1)))):
        if known or not named or (at.tzname() or "").upper() == named.upper():
            yield each


def _local(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _offset(named: str) -> tzinfo | None:
    return to_zone(named) if named.startswith("UTC") else None


def _minutes_of(day: date, zone: tzinfo) -> Iterator[str]:
    """Yield what the words of the minutes of a day begin with, in as few as can be."""
    ends = (_local(each, zone).astimezone(UTC) for each in (day, day + DAY))
    start, end = (each.replace(second=0, microsecond=0) for each in ends)
    while start < end:
        minute = start.hour * 60 + start.minute
        for length, size in _STEPS:
            # The third ten hours of a day are four.
            step = min(length, 24 * 60 - minute)
            if minute % length == 0 and start + timedelta(minutes=step) <= end:
                yield minute_word(start)[: len(MINUTE_WORD) + size - 1]
                start += timedelta(minutes=step)
                break
