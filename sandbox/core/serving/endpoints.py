"""Check calls and answers against a provider's table of endpoints.

A shape in a table is a word, a list or an object. Words are the plain types below,
``=page`` for that very text, ``a|b`` for either, and the names of the table's own
types. ``[shape]`` is a list. An object may have no key that it does not name: ``key?``
can be missing, and ``*`` stands for every key that is not named.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from sandbox.core.data import load
from sandbox.core.serving.web import Request, find_repeated

UNKNOWN = "should be not present (the sandbox answers only what is documented)"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
Words = Mapping[str, Callable[[Any], bool]]
WORDS: Words = {
    "any": lambda _: True,
    "null": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "time": lambda value: isinstance(value, str) and bool(TIME.fullmatch(value)),
}
# In a query or a form everything is text.
TEXTS: Words = {
    **WORDS,
    "boolean": lambda value: value in ("true", "false"),
    "integer": str.isdecimal,
}
NO_FIELDS: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Problem:
    """What does not fit, where it stands, and whether it is a kind of its own."""

    where: str
    why: str
    # Another alternative was probably meant.
    is_of_another_kind: bool = False

    def inside(self, name: object) -> "Problem":
        return replace(self, where=f"{name}.{self.where}".rstrip("."))


# What returns the first place where a value is not of a shape.
Check = Callable[[Any], Problem | None]


class Endpoints:
    """The table of one provider; without one, nothing is checked."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.calls: Mapping[str, Any] = table.get("calls", {})
        self.types: Mapping[str, Any] = table.get("types", {})
        self.error: Any = table.get("error", "any")
        # With its shape, as long as which lives no other has its id.
        self._checks: dict[Any, tuple[Any, Check]] = {}

    def check_call(self, request: Request) -> Problem | None:
        """Return what the endpoint does not take, once a route was found."""
        call = self.calls.get(f"{request.method} {request.route}")
        if call is None:
            return None
        if repeated := find_repeated(request.query_pairs):
            return Problem(f"query.{repeated[0]}", "should be given once")
        shape = call.get("query", NO_FIELDS)
        problem = self.find(request.query, shape, "query", TEXTS)
        return problem or self._check_body(request, call)

    def _check_body(self, request: Request, call: Mapping[str, Any]) -> Problem | None:
        if "form" in call:
            return self.find(request.form, call["form"], "body", TEXTS)
        if "body" in call:
            body = request.json() if request.body else {}
            return self.find(body, call["body"], "body")
        return Problem("body", UNKNOWN) if request.body else None

    def find(
        self, value: Any, shape: Any, where: str, words: Words = WORDS
    ) -> Problem | None:
        """Return the first place where a value is not of a shape."""
        problem = self._get_check(shape, words)(value)
        return problem and problem.inside(where)

    def _get_check(self, shape: Any, words: Words) -> Check:
        key = (id(words), shape if isinstance(shape, str) else id(shape))
        if key not in self._checks:
            self._checks[key] = shape, self._make_check(shape, words)
        return self._checks[key][1]

    def _make_check(self, shape: Any, words: Words) -> Check:
        if isinstance(shape, Mapping):
            return self._make_object_check(shape, words)
        if isinstance(shape, list):
            one = self._get_check(shape[0], words)
            return lambda value: _check_list(value, one)
        if "|" in shape:
            checks = [self._get_check(each, words) for each in shape.split("|")]
            return lambda value: _check_each(value, checks)
        if shape in words:
            test, problem = words[shape], Problem("", f"should be of type {shape}")
            return lambda value: None if test(value) else problem
        if shape.startswith("="):
            word = shape[1:]
            other = Problem("", f"should be `{word}`", is_of_another_kind=True)
            return lambda value: None if value == word else other

        # Looked up late: a type may hold itself.
        def check(value: Any) -> Problem | None:
            return self._get_check(self.types[shape], words)(value)

        return check

    def _make_object_check(self, shape: Mapping[str, Any], words: Words) -> Check:
        named = {
            k.removesuffix("?"): self._get_check(v, words) for k, v in shape.items()
        }
        rest = named.pop("*", None)
        needed = {key for key in named if key in shape}
        return lambda value: _check_object(value, named, needed, rest)


def _check_object(
    value: Any, named: Mapping[str, Check], needed: set[str], rest: Check | None
) -> Problem | None:
    if not isinstance(value, Mapping):
        return Problem("", "should be an object")
    for name, check in named.items():
        if name not in value:
            if name in needed:
                return Problem(name, "is missing")
        elif problem := check(value[name]):
            return problem.inside(name)
    for name, each in value.items():
        if name not in named:
            if rest is None:
                return Problem(name, UNKNOWN)
            if problem := rest(each):
                return problem.inside(name)
    return None


def _check_list(value: Any, one: Check) -> Problem | None:
    if not isinstance(value, list):
        return Problem("", "should be a list")
    found = ((number, one(each)) for number, each in enumerate(value))
    return next((problem.inside(number) for number, problem in found if problem), None)


def _check_each(value: Any, checks: Iterable[Check]) -> Problem | None:
    problems = []
    for check in checks:
        if (problem := check(value)) is None:
            return None
        problems.append(problem)
    # The alternative that a value was meant for fits it the furthest.
    return max(problems, key=lambda p: (not p.is_of_another_kind, p.where.count(".")))


def load_endpoints(package: str) -> Endpoints:
    """Return the table that lies in a provider's package."""
    has_table = files(package).joinpath("endpoints.json").is_file()
    return Endpoints(load(package, "endpoints") if has_table else {})
