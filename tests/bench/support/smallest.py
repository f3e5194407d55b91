"""Sizes so small that a benchmark only shows that it starts and measures something."""

from types import ModuleType
from typing import Any

# What stands in place of a module's own constants.
SIZES: dict[str, dict[str, Any]] = {
    "unchanged": {"CONTACTS": 2000, "CHANGED": (300,)},
    "sync_speed": {"CONTACTS": 1000, "FEATURED": 1000, "REPETITIONS": 1, "TURNS": 1},
    "loading": {"CONTACTS": 500, "RECORDS": 300, "PAGES": 400, "TURNS": 1},
    "rate_limit": {"PAGES": 111, "PAGES_OF_ONE": 8},
    "flat_memory": {"SMALL": 1000, "LARGE": 3000, "LONG": 5000},
    "worker_memory": {"CONTACTS": 500},
    "item_list": {"ITEMS": 60_000, "REPETITIONS": 2},
    "tables": {"DEALS": 51_000, "REPETITIONS": 2},
    "readers": {"DEALS": 2000, "REQUESTS": 2, "ROUNDS": 1},
    "dispatch": {"CONNECTIONS": 4000, "ROUNDS": 1},
    "bases": {"BASES": 2, "PAGES": 8},
    "tokens": {"READS": 100, "CONTACTS": 2000, "PROCESSES": 2},
    "crowd": {"LARGE": 40_000, "SMALL": 2, "ALONE_SECONDS": 3.0},
    "slow_clients": {"COUNTS": (16,), "REPETITIONS": 10},
    "soak": {"CONNECTIONS": 6, "SETTLE_SECONDS": 60.0},
}
SOAK_MINUTES = 0.7


def shrink(module: ModuleType) -> None:
    """Give a benchmark its smallest sizes; what it prints says nothing then."""
    vars(module).update(SIZES[module.__name__.rpartition(".")[2]])
