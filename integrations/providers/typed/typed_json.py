"""Write frozen structs as JSON and read them back strictly.

What has its default is left out, so that what is stored stays small. Reading refuses
whatever was not written by this: unknown keys, missing ones, values of another type.
"""

from collections.abc import Hashable, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import (
    Any,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

T = TypeVar("T")


class UnreadableError(ValueError):
    """Stored JSON is not what was written; the message names the key."""


class _Named(Protocol):
    """A type that reads itself."""

    @classmethod
    def from_json(cls, value: object) -> Any:
        """Read a value; ValueError for anything else."""


def dump(record: Any) -> dict[str, Any]:
    """Return the JSON object of a struct, without what has its default."""
    return {
        each.name: _dump_value(value)
        for each in _fields_of(cast("Hashable", type(record)))
        if (value := getattr(record, each.name)) != _default_of(each)
    }


def _dump_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _dump_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_dump_value(each) for each in value]
    return value.to_json() if hasattr(value, "to_json") else dump(value)


def _default_of(each: FieldInfo) -> Any:
    if each.default_factory is not NODEFAULT:
        return each.default_factory()
    return each.default


def load(kind: type[T], value: object) -> T:
    """Return the struct that a JSON object was written of; UnreadableError."""
    if not isinstance(value, dict):
        raise UnreadableError(f"{kind.__name__}: expected an object")
    types = _types_of(cast("Hashable", kind))
    if unknown := value.keys() - types.keys():
        raise UnreadableError(f"{kind.__name__}: unknown {', '.join(sorted(unknown))}")
    try:
        return kind(**{n: _load_value(types[n], each, n) for n, each in value.items()})
    except TypeError as exc:
        raise UnreadableError(f"{kind.__name__}: something is missing") from exc


@lru_cache
def _fields_of(kind: Any) -> tuple[FieldInfo, ...]:
    """Return the fields of a struct, whose types are read anew each time else."""
    return fields(kind)


@lru_cache
def _types_of(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in _fields_of(kind)}


def _load_value(hint: Any, value: Any, name: str) -> Any:
    origin = get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, UnionType):
        return _load_one_of(get_args(hint), value, name)
    if origin is not None and issubclass(origin, Mapping):
        entries = _of_type(dict, value, name)
        inner = get_args(hint)[1]
        return {key: _load_value(inner, each, name) for key, each in entries.items()}
    if origin is tuple:
        inner = get_args(hint)[0]
        return tuple(_load_value(inner, e, name) for e in _of_type(list, value, name))
    return _load_plain(hint, value, name)


def _load_one_of(hints: tuple[Any, ...], value: Any, name: str) -> Any:
    if value is None and NoneType in hints:
        return None
    (hint,) = (each for each in hints if each is not NoneType)
    return _load_value(hint, value, name)


def _load_plain(hint: Any, value: Any, name: str) -> Any:
    try:
        if hasattr(hint, "from_json"):
            return cast("type[_Named]", hint).from_json(value)
        if issubclass(hint, Enum):
            return hint(_of_type(str, value, name))
        if hint is datetime:
            return _to_time(_of_type(str, value, name))
    except ValueError as exc:
        raise UnreadableError(f"{name}: {value!r:.80} is not one of ours") from exc
    if issubclass(hint, Struct):
        return load(cast("type[Any]", hint), value)
    return _of_type(hint, value, name)


def _to_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def _of_type(kind: type[T], value: object, name: str) -> T:
    # True is an int to Python, and no count to us.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UnreadableError(f"{name}: expected {kind.__name__}")
    return value
