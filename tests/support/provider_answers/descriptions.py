"""The providers' own OpenAPI descriptions, and a validator that reads them.

They are not ours to ship. ``API_DESCRIPTIONS`` names a directory with a folder for each
provider that publishes any, of OpenAPI documents in JSON or YAML.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import yaml
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import (
    OAS30Validator,
    OAS31Validator,
    oas30_format_checker,
    oas31_format_checker,
)

from sandbox.core.serving.record import skeleton

VERSION = re.compile(r"\d{4}-\d\d(?:-beta)?")
# A type has a name beside its id.
DEALS = re.compile(r"(?<=/)0-3(?=/|$)")
OF_ANOTHER_KIND = ("const", "enum", "type", "required")
# A key that only tells what kind of thing this is.
KIND = "object"
CLOSED = "additionalProperties"
LIST = re.compile(r"\.\d+(?=\.|$)")


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    document: Mapping[str, Any]
    path: str
    method: str

    @cached_property
    def node(self) -> Mapping[str, Any]:
        """Return what describes the operation."""
        return self.document["paths"][self.path][self.method]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what the operation's addresses match, in any version of the API."""
        fixed = VERSION.sub("VERSION", self.path)
        parts = re.split(r"\{\w+\}", DEALS.sub("DEALS", fixed))
        text = "[^/]+".join(re.escape(part) for part in parts)
        dated = text.replace("VERSION", r"\d{4}-\d\d")
        return re.compile(dated.replace("DEALS", "(?:0-3|deals)"))

    @property
    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """Return the parameters of a query, by name."""
        shared = self.document["paths"][self.path].get("parameters", ())
        every = [
            follow(self.document, one)
            for one in (*shared, *self.node.get("parameters", ()))
        ]
        return {one["name"]: one for one in every if one["in"] == "query"}

    def check_query(self, query: str) -> Iterator[str]:
        """Yield where a query is not as described."""
        given = parse_qs(query, keep_blank_values=True)
        for name, values in given.items():
            parameter = self.parameters.get(name.removesuffix("[]"))
            if parameter is None:
                yield f"query.{name}: is not described"
                continue
            schema = follow(self.document, parameter.get("schema", {}))
            is_list = schema.get("type") == "array"
            parts = [part for value in values for part in value.split(",")]
            kind = schema.get("type")
            value = parts if is_list else _to_value(kind, values[-1])
            yield from self.check(value, schema, f"query.{name}")
        for name, parameter in self.parameters.items():
            if parameter.get("required") and name not in given:
                yield f"query.{name}: is missing"

    def check_body(self, kind: str, body: bytes) -> Iterator[str]:
        """Yield where a body is not as described."""
        described = self.node.get("requestBody", {}).get("content", {})
        if not described and not body:
            return
        if kind not in described:
            yield f"body: {kind or 'a body'} is not described"
            return
        if kind == "application/json":
            value: Any = json.loads(body or b"null")
        else:
            form = parse_qs(body.decode(), keep_blank_values=True)
            value = {name: values[-1] for name, values in form.items()}
        yield from self.check(value, described[kind].get("schema", {}), "body")

    def check_answer(self, status: int, body: bytes) -> Iterator[str]:
        """Yield where an answer is not as described."""
        responses = self.node["responses"]
        refusal = (f"{status // 100}XX", "default") if status >= 400 else ()
        names = [n for n in (str(status), *refusal) if n in responses]
        described = responses[names[0]] if names else None
        if described is None:
            yield f"answer: the status {status} is not described"
            return
        content = follow(self.document, described).get("content", {})
        if not content:
            if body:
                yield "answer: is described as empty"
            return
        schema = next(iter(content.values())).get("schema", {})
        yield from self.check(json.loads(body or b"null"), schema, "answer")

    def check(self, value: Any, schema: Any, where: str) -> Iterator[str]:
        """Yield where a value does not fit a schema of this document."""
        is_old = self.document["openapi"].startswith("3.0")
        make = OAS30Validator if is_old else OAS31Validator
        checker = oas30_format_checker if is_old else oas31_format_checker
        # References are looked up in the document, of which a schema is a part.
        whole = {**schema, "components": self.document.get("components", {})}
        for error in make(whole, format_checker=checker).iter_errors(thin(value)):
            for leaf in find_causes(error):
                steps = ".".join([where, *map(str, leaf.absolute_path)])
                yield from _word(LIST.sub(".#", steps), leaf)


def _to_value(kind: Any, text: str) -> Any:
    if kind in ("integer", "number") and text.isdecimal():
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def thin(value: Any) -> Any:
    """Return a value whose lists hold one thing of each kind."""
    if isinstance(value, Mapping):
        return {key: thin(one) for key, one in value.items()}
    if isinstance(value, list):
        return [thin(one) for one in {skeleton(one): one for one in value}.values()]
    return value


def _word(where: str, cause: ValidationError) -> Iterator[str]:
    if cause.validator == CLOSED:
        yield from (f"{where}.{name}: is not described" for name in _unexpected(cause))
    else:
        is_part, value = cause.validator in ("const", "required"), cause.instance
        if isinstance(value, Mapping) and "type" in value:
            # It says most, and the rest may be cut off.
            value = {"type": value["type"], **value}
        of = f"{value!r:.80}: " if is_part else ""
        yield f"{where}: {of}{cause.message[:160]}"


def _unexpected(cause: ValidationError) -> list[str]:
    return sorted(set(cause.instance) - set(cause.schema.get("properties", ())))


def find_causes(error: ValidationError) -> list[ValidationError]:
    """Return what is wrong with the alternative that was probably meant."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        causes = find_causes(inner)
        branches.setdefault(inner.schema_path[0], []).extend(causes)
    if error.validator == "allOf" or not branches:
        return [error]
    return min(branches.values(), key=lambda causes: sum(map(_weigh, causes)))


def _weigh(cause: ValidationError) -> int:
    """Return how much is wrong: what tells of another alternative weighs most."""
    if cause.validator == CLOSED:
        return len(_unexpected(cause))
    if cause.validator == "const" and cause.path and cause.path[-1] == KIND:
        return 100
    return 3 if cause.validator in OF_ANOTHER_KIND else 1


def read_names(document: Any) -> Any:
    """Return a document whose objects have the keys that they name, and no others.

    No part of an ``allOf`` shuts the other parts out.
    """

    def opened(schema: Any) -> Any:
        if "$ref" in schema:
            schema = follow(document, schema)
        kept = {key: each for key, each in schema.items() if key != CLOSED}
        for word in ("allOf", "anyOf", "oneOf"):
            if word in kept:
                kept[word] = [opened(each) for each in kept[word]]
        return {**kept, CLOSED: True}

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("allOf"), list):
            node = {**node, "allOf": [opened(each) for each in node["allOf"]]}
        elif node.get("type") == "object" and node.get("properties"):
            node = {CLOSED: False, **node}
        return {key: walk(each) for key, each in node.items()}

    return walk(document)


def follow(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a node refers to, or the node itself."""
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def load_documents(directory: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the documents of a provider, the fullest and newest first."""

    def rank(path: Path) -> tuple[bool, bool, str]:
        is_poor = any(word in path.name for word in ("stub", "legacy", "openapi"))
        return is_poor, "2026-09" not in path.name, path.name

    paths = [p for p in directory.rglob("*") if p.suffix in (".json", ".yaml", ".yml")]
    for path in sorted(paths, key=rank):
        text = path.read_text(encoding="utf-8")
        is_json = path.suffix == ".json"
        found = json.loads(text) if is_json else yaml.load(text, yaml.CSafeLoader)
        yield read_names(found)


def list_operations(provider: str) -> Sequence[Operation]:
    """Return the described operations of a provider, none where it has no folder."""
    directory = find_directory()
    return _read_operations(directory / provider) if directory else ()


def find_directory() -> Path | None:
    """Return where the descriptions are, if anybody says it."""
    named = os.environ.get("API_DESCRIPTIONS", "")
    return Path(named) if named else None


@cache
def _read_operations(directory: Path) -> Sequence[Operation]:
    found = [
        Operation(document, path, method)
        for document in load_documents(directory)
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    ]
    # What names its type goes before what is for any type.
    return sorted(found, key=lambda operation: operation.path.count("{"))


def find_operation(provider: str, method: str, path: str) -> Operation | None:
    """Return the operation of an address."""
    for operation in list_operations(provider):
        if operation.method == method.lower() and operation.pattern.fullmatch(path):
            return operation
    return None
