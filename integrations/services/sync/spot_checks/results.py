"""Say what spot checks prove: exact bounds for samples without replacement."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from integrations.models import Collection, SpotCheck, times

PERIOD = timedelta(days=7)
ALPHA = 0.05
# One wrong item in a thousand, found and mended, calls for nothing more.
TOLERATED = 0.001


class Proof(Struct, frozen=True, kw_only=True):
    """What the checks of a period found in a collection of so many items.

    ``most_wrong`` is the share of them that are wrong at the most, with 95 %
    confidence, now that those that differed are mended.
    """

    population: int
    checked: int
    differing: int

    @property
    def most_wrong(self) -> float:
        """Return the upper confidence limit of the share of wrong items."""
        bound = most_wrong(self.population, self.checked, self.differing)
        return (bound - self.differing) / self.population

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was left out."""
        return self.checked >= self.population

    @property
    def percent_text(self) -> str:
        """Return that limit in percent, rounded up to what its size deserves."""
        percent = 100 * self.most_wrong
        scale = 10 if percent > 1 else 100
        return f"{math.ceil(percent * scale - 1e-9) / scale:g}"


def most_wrong(population: int, checked: int, differing: int) -> int:
    """Return the largest number of wrong items that the sample does not refute.

    The exact one-sided upper confidence limit of the hypergeometric distribution: the
    largest K for which ``differing`` or fewer of K wrong items are among ``checked``
    of ``population`` with a probability above 5 %. It inverts the test as Clopper and
    Pearson do for the binomial distribution (Biometrika 26, 1934, 404-413), for a
    finite population (Buonaccorsi, The American Statistician 41, 1987, 215-218).
    For a large population and nothing found it is the rule of three, 3 / checked
    (Hanley and Lippman-Hand, JAMA 249, 1983, 1743-1745).
    """
    low, high = differing, population - checked + differing
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most(differing, population, middle, checked) > ALPHA:
            low = middle
        else:
            high = middle - 1
    return low


def _at_most(found: int, population: int, wrong: int, checked: int) -> float:
    """Return the hypergeometric probability of ``found`` or fewer wrong ones."""
    least = max(0, checked + wrong - population)
    total = _log_choose(population, checked)
    return math.fsum(
        math.exp(
            _log_choose(wrong, number)
            + _log_choose(population - wrong, checked - number)
            - total
        )
        for number in range(least, min(found, wrong) + 1)
    )


def is_more_than_chance(checked: int, differing: int) -> bool:
    """Tell whether more differ than one in a thousand wrong would explain.

    The exact one-sided binomial test at 5 %: so many or more of a sample of this size.
    """
    if not differing:
        return False
    fewer = math.fsum(
        math.exp(
            _log_choose(checked, number)
            + number * math.log(TOLERATED)
            + (checked - number) * math.log1p(-TOLERATED)
        )
        for number in range(differing)
    )
    return 1 - fewer < ALPHA


def _log_choose(of: int, number: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(number + 1) - math.lgamma(of - number + 1)


def proofs_of(
    collections: Sequence[Collection], *, now: datetime
) -> Mapping[UUID, Proof]:
    """Return what the finished checks of the last seven days prove, by collection."""
    checks: dict[UUID, list[SpotCheck]] = {}
    finished = SpotCheck.objects.filter(
        collection__in=[each.pk for each in collections],
        began_at__gte=now - PERIOD,
        ended_at__isnull=False,
    ).exclude(times.ahead("began_at", now))
    for check in finished.order_by("-began_at"):
        checks.setdefault(check.collection_id, []).append(check)
    sizes = {each.pk: each.stored_count for each in collections}
    found = {key: _proof_of(each, sizes[key]) for key, each in checks.items()}
    return {key: proof for key, proof in found.items() if proof is not None}


def _proof_of(checks: Iterable[SpotCheck], population: int) -> Proof | None:
    """Add up checks of different parts, the latest of each: none counts twice."""
    latest: dict[int, SpotCheck] = {}
    parts = 0
    for check in checks:
        parts = parts or check.parts
        if check.parts == parts:
            latest.setdefault(check.number % parts, check)
    checked = sum(check.checked for check in latest.values())
    if not checked:
        return None
    differing = sum(check.differing for check in latest.values())
    # It may have shrunk since.
    return Proof(
        population=max(population, checked), checked=checked, differing=differing
    )
