"""State what a search text must hold, and write that in each database's language.

Words consist of letters and digits only, so that none needs to be escaped.
"""

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from msgspec import Struct

from integrations.services.items.search.words import Unit


class Word(Struct, frozen=True):
    """A word that begins so, or that is whole."""

    text: str
    is_whole: bool = False


class All(Struct, frozen=True):
    """Every one of some conditions."""

    parts: "tuple[Condition, ...]"


class AnyOf(Struct, frozen=True):
    """At least one of some conditions."""

    parts: "tuple[Condition, ...]"


class Except(Struct, frozen=True):
    """A condition, and not another one."""

    wanted: "Condition"
    unwanted: "Condition"


Condition: TypeAlias = Word | All | AnyOf | Except


def all_of(units: Sequence[Unit], *, mark: str = "", is_whole: bool = False) -> All:
    """Return the condition that every unit is there, in any of its spellings."""
    return All(
        tuple(
            AnyOf(
                tuple(
                    All(tuple(Word(f"{mark}{word}", is_whole) for word in spelling))
                    for spelling in unit
                )
            )
            for unit in units
        )
    )


def is_held(condition: Condition, words: Collection[str]) -> bool:
    """Tell whether some words hold a condition, as each database would."""
    if isinstance(condition, Word):
        text = condition.text
        if condition.is_whole:
            return text in words
        return any(word.startswith(text) for word in words)
    if isinstance(condition, Except):
        wanted = is_held(condition.wanted, words)
        return wanted and not is_held(condition.unwanted, words)
    told = (is_held(part, words) for part in condition.parts)
    return all(told) if isinstance(condition, All) else any(told)


def to_fts5(condition: Condition) -> str:
    """Write a condition for SQLite's MATCH."""
    # https://www.sqlite.org/fts5.html#full_text_query_syntax
    if isinstance(condition, Word):
        return f'"{condition.text}"' + ("" if condition.is_whole else "*")
    return _write(condition, to_fts5, ("AND", "OR", "NOT"))


def to_tsquery(condition: Condition) -> str:
    """Write a condition as a value of PostgreSQL's tsquery."""
    # https://www.postgresql.org/docs/current/datatype-textsearch.html
    if isinstance(condition, Word):
        return f"'{condition.text}'" + ("" if condition.is_whole else ":*")
    return _write(condition, to_tsquery, ("&", "|", "& !"))


def to_instr(condition: Condition, text: str) -> tuple[str, list[str]]:
    """Write a condition as SQL over an expression of words between spaces."""
    words: list[str] = []

    def write(part: Condition) -> str:
        if isinstance(part, Word):
            words.append(f" {part.text} " if part.is_whole else f" {part.text}")
            return f"instr({text}, %s) > 0"
        return _write(part, write, ("AND", "OR", "AND NOT"))

    return write(condition), words


def is_in(condition: Condition, text: str) -> bool:
    """Tell whether a text of words between spaces holds a condition."""
    if isinstance(condition, Word):
        end = " " if condition.is_whole else ""
        return f" {condition.text}{end}" in text
    if isinstance(condition, Except):
        return is_in(condition.wanted, text) and not is_in(condition.unwanted, text)
    answers = (is_in(part, text) for part in condition.parts)
    return all(answers) if isinstance(condition, All) else any(answers)


def _write(
    condition: All | AnyOf | Except,
    write: Callable[[Condition], str],
    operators: tuple[str, str, str],
) -> str:
    both, either, without = operators
    if isinstance(condition, Except):
        return f"({write(condition.wanted)} {without} {write(condition.unwanted)})"
    operator = both if isinstance(condition, All) else either
    return "(" + f" {operator} ".join(write(part) for part in condition.parts) + ")"
