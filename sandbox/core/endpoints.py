"""Check calls and answers against a provider's table of endpoints.

A shape in a table is a word, a list or an object. Words are the plain types below,
``=page`` for that very text, ``a|b`` for either, and the names of the table's own
types. ``[shape]`` is a list. An object may have no key that it does not name: ``key?``
can be missing, and ``*`` stands for every key that is not named.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from typing import Any

from sandbox.core.data import load
from sandbox.core.web import Request, find_repeated

UNKNOWN = "should be not present (the sandbox answers only what is documented)"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NUMBERED = re.compile(r"\[\d+\]")
Test = Callable[[Any], bool]
Words = Mapping[str, Test]
WORDS: Words = {
    "any": lambda _: True,
    "null": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "time": lambda value: isinstance(value, str) and bool(TIME.fullmatch(value)),
}
# Of what JSON holds, the type alone tells.
TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
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


class Endpoints:
    """The table of one provider; without one, nothing is checked."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.calls: Mapping[str, Any] = table.get("calls", {})
        self.types: Mapping[str, Any] = table.get("types", {})
        self.error: Any = table.get("error", "any")
        # With its shape, as long as which lives no other has its id.
        self._tests: dict[Any, tuple[Any, Test]] = {}

    def check_call(self, request: Request) -> Problem | None:
        """Return what the endpoint does not take, once a route was found."""
        call = self.calls.get(f"{request.method} {request.route}")
        if call is None:
            return None
        return self._check_query(
            request, call.get("query", NO_FIELDS)
        ) or self._check_body(request, call)

    def _check_query(self, request: Request, shape: Any) -> Problem | None:
        pairs = request.query_pairs
        once = [name for name, _ in pairs if not name.endswith("[]")]
        if once and (repeated := find_repeated(pairs, once)):
            return Problem(f"query.{repeated[0]}", "should be given once")
        given = {NUMBERED.sub("[#]", name): value for name, value in pairs}
        return self.find(given, shape, "query", TEXTS)

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
        if self._test(shape, words)(value):
            return None
        if isinstance(shape, str):
            return self._find_by_word(value, shape, where, words)
        if isinstance(shape, Mapping):
            return self._find_in_object(value, shape, where, words)
        if not isinstance(value, list):
            return Problem(where, "should be a list")
        found = (
            self.find(one, shape[0], f"{where}.{number}", words)
            for number, one in enumerate(value)
        )
        return next(filter(None, found), None)

    def _test(self, shape: Any, words: Words) -> Test:
        """Return what tells, without a reason, whether a value is of a shape."""
        key = (id(words), shape if isinstance(shape, str) else id(shape))
        if key not in self._tests:
            self._tests[key] = shape, self._make_test(shape, words)
        return self._tests[key][1]

    def _make_test(self, shape: Any, words: Words) -> Test:
        if isinstance(shape, Mapping):
            return self._make_object_test(shape, words)
        if not isinstance(shape, str):
            return self._make_list_test(shape[0], words)
        if types := _find_types(shape, words):
            return lambda value: type(value) in types
        if "|" in shape:
            tests = [self._test(each, words) for each in shape.split("|")]
            return lambda value: any(test(value) for test in tests)
        if shape in words:
            return words[shape]
        if shape.startswith("="):
            return lambda value: bool(value == shape[1:])

        # Looked up late: a type may hold itself.
        def is_of_type(value: Any) -> bool:
            return self._test(self.types[shape], words)(value)

        return is_of_type

    def _make_list_test(self, shape: Any, words: Words) -> Test:
        if types := _find_types(shape, words):
            return lambda value: isinstance(value, list) and _are_of(types, value)
        one = self._test(shape, words)
        return lambda value: isinstance(value, list) and all(map(one, value))

    def _make_object_test(self, shape: Mapping[str, Any], words: Words) -> Test:
        if shape.keys() == {"*"} and (types := _find_types(shape["*"], words)):
            return lambda value: (
                isinstance(value, Mapping) and _are_of(types, value.values())
            )
        tests = {k.removesuffix("?"): self._test(v, words) for k, v in shape.items()}
        rest = tests.pop("*", None)
        needed = {key for key in shape if key != "*" and not key.endswith("?")}

        def is_fine(value: Any) -> bool:
            if not isinstance(value, Mapping) or not needed <= value.keys():
                return False
            for name, one in value.items():
                test = tests.get(name, rest)
                if test is None or not test(one):
                    return False
            return True

        return is_fine

    def _find_by_word(
        self, value: Any, shape: str, where: str, words: Words
    ) -> Problem | None:
        if "|" in shape:
            return self._find_in_each(value, shape.split("|"), where, words)
        if shape.startswith("="):
            return Problem(where, f"should be `{shape[1:]}`", is_of_another_kind=True)
        if shape in words:
            return Problem(where, f"should be of type {shape}")
        return self.find(value, self.types[shape], where, words)

    def _find_in_each(
        self, value: Any, shapes: list[str], where: str, words: Words
    ) -> Problem | None:
        problems = [self._find_by_word(value, shape, where, words) for shape in shapes]
        # The alternative that a value was meant for fits it the furthest.
        return max(
            filter(None, problems),
            key=lambda p: (not p.is_of_another_kind, p.where.count(".")),
        )

    def _find_in_object(
        self, value: Any, shape: Mapping[str, Any], where: str, words: Words
    ) -> Problem | None:
        if not isinstance(value, Mapping):
            return Problem(where, "should be an object")
        named = {key.removesuffix("?"): key for key in shape if key != "*"}
        for name, key in named.items():
            place = f"{where}.{name}"
            if name not in value:
                if not key.endswith("?"):
                    return Problem(place, "is missing")
            elif problem := self.find(value[name], shape[key], place, words):
                return problem
        for name, one in value.items():
            place = f"{where}.{name}"
            if name in named:
                continue
            if "*" not in shape:
                return Problem(place, UNKNOWN)
            if problem := self.find(one, shape["*"], place, words):
                return problem
        return None


def _find_types(shape: Any, words: Words) -> frozenset[type]:
    """Return the Python types of a shape that is known by its type, or nothing."""
    names = shape.split("|") if isinstance(shape, str) and words is WORDS else []
    if not all(name in TYPES for name in names):
        return frozenset()
    return frozenset(chain.from_iterable(TYPES[name] for name in names))


def _are_of(types: frozenset[type], values: Iterable[Any]) -> bool:
    return types.issuperset(map(type, values))


def load_endpoints(package: str) -> Endpoints:
    """Return the table that lies in a provider's package."""
    has_table = files(package).joinpath("endpoints.json").is_file()
    return Endpoints(load(package, "endpoints") if has_table else {})
