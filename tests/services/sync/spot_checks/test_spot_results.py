"""A spot check finds what it must find, and claims no more than it proves."""

import itertools
import math
import random
from collections.abc import Iterable

import pytest

from integrations.services.sync.spot_checks import results, sample
from integrations.services.sync.spot_checks.results import Proof


@pytest.mark.parametrize("population", [2_000, 5_500])
def test_half_a_percent_altered_is_found_within_a_day_in_99_of_100_seeds(
    population: int,
) -> None:
    """A model of a collection: which are altered and how it is split are both drawn."""
    parts = sample.parts_for(population, most=math.inf)
    found = 0
    for seed in range(100):
        chance = random.Random(seed)
        salt, number = chance.randbytes(16), chance.randrange(1000)
        altered = chance.sample(range(population), population // 200)
        found += any(
            sample.is_in_part(str(each), salt=salt, number=number, parts=parts)
            for each in altered
        )

    assert found >= 99


@pytest.mark.parametrize("population", [1, 340, 1_399, 2_800, 20_000, 1_000_000])
def test_every_size_is_read_in_parts_that_are_large_enough(population: int) -> None:
    parts = sample.parts_for(population, most=math.inf)

    assert min(population, sample.ENOUGH) <= population / parts
    assert population / parts < 2 * sample.ENOUGH
    assert population / sample.parts_for(population, most=50) <= 50


def test_the_parts_of_a_cycle_are_all_of_a_collection_and_nothing_twice() -> None:
    ids = [str(each) for each in range(500)]
    salt = bytes(16)

    read = [
        each
        for number in range(5, 13)
        for each in ids
        if sample.is_in_part(each, salt=salt, number=number, parts=8)
    ]

    assert sorted(read, key=int) == ids


def exact(population: int, checked: int, differing: int) -> int:
    """Return the bound by counting every sample there is."""
    return max(
        wrong
        for wrong in range(differing, population - checked + differing + 1)
        if share_of(population, wrong, checked, differing) > results.ALPHA
    )


def share_of(population: int, wrong: int, checked: int, differing: int) -> float:
    """Return how many of all samples hold so few wrong items or fewer."""
    samples: Iterable[tuple[int, ...]] = itertools.combinations(
        range(population), checked
    )
    few = sum(sum(each < wrong for each in one) <= differing for one in samples)
    return few / math.comb(population, checked)


@pytest.mark.parametrize(
    ("population", "checked", "differing"),
    [(10, 4, 0), (10, 4, 1), (11, 8, 0), (9, 3, 2), (8, 7, 1), (6, 6, 2), (5, 1, 0)],
)
def test_the_bound_is_that_of_counting_all_samples(
    population: int, checked: int, differing: int
) -> None:
    bound = results.most_wrong(population, checked, differing)

    assert bound == exact(population, checked, differing)


def test_nothing_found_in_3000_of_28000_is_a_tenth_of_a_percent_at_most() -> None:
    proof = Proof(population=28_000, checked=3_000, differing=0)

    assert 0.0009 < proof.most_wrong <= 0.001
    # By the rule of three, which leaves the finite population out of account.
    assert proof.most_wrong < 3 / 3_000


def test_what_was_all_read_and_mended_is_proven() -> None:
    assert Proof(population=340, checked=340, differing=0).most_wrong == 0
    assert Proof(population=340, checked=340, differing=7).most_wrong == 0


@pytest.mark.parametrize(
    ("checked", "differing", "is_more"),
    [
        (1_400, 0, False),
        (1_400, 1, False),
        (1_400, 4, False),
        (1_400, 5, True),
        (340, 1, False),
        (340, 2, True),
        (0, 0, False),
    ],
)
def test_more_than_one_in_a_thousand_is_more_than_chance(
    checked: int, differing: int, is_more: bool
) -> None:
    assert results.is_more_than_chance(checked, differing) is is_more
