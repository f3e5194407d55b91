"""Offer words to write down pages with: what a person would see, nested."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.notion.api.text import Text


@dataclass(kw_only=True)
class Block:
    """Hold one block and what is inside it."""

    type: str
    body: dict[str, Any] = field(default_factory=dict)
    inside: "Sequence[Node]" = ()


@dataclass(kw_only=True)
class Page:
    """Hold one page; a row of a data source has values beside its title."""

    title: Text = ""
    icon: Any = None
    inside: "Sequence[Node]" = ()
    values: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    in_trash: bool = False
    is_archived: bool = False
    created: int | None = None


@dataclass(kw_only=True)
class Source:
    """Hold one data source: its columns and its rows."""

    title: str
    schema: list[dict[str, Any]]
    rows: Iterable[Page] = ()
    id: str = ""


@dataclass(kw_only=True)
class Database:
    """Hold one database; in a wiki, other databases stand beside the rows."""

    title: Text
    sources: Sequence[Source]
    icon: Any = None
    is_inline: bool = False
    description: Text = ""
    flags: dict[str, Any] = field(default_factory=dict)
    databases: "Sequence[Database]" = ()


Node = Block | Page | Database


def text(kind: str, words: Text, *inside: Node, **body: Any) -> Block:
    """Make a block of any type that has text."""
    return Block(type=kind, body={"text": words, **body}, inside=inside)


def p(words: Text = "", *inside: Node, **body: Any) -> Block:
    """Make a paragraph."""
    return text("paragraph", words, *inside, **body)


def h(level: int, words: Text) -> Block:
    """Make a heading."""
    return text(f"heading_{level}", words, is_toggleable=False)


def li(words: Text, *inside: Node) -> Block:
    """Make an item of a list without numbers."""
    return text("bulleted_list_item", words, *inside)


def num(words: Text, *inside: Node) -> Block:
    """Make an item of a numbered list."""
    return text("numbered_list_item", words, *inside)


def todo(words: Text, *inside: Node, checked: bool = False) -> Block:
    """Make something to do."""
    return text("to_do", words, *inside, checked=checked)


def toggle(words: Text, *inside: Node) -> Block:
    """Make something to fold."""
    return text("toggle", words, *inside)


def callout(icon: str, words: Text, *inside: Node) -> Block:
    """Make a callout."""
    return text("callout", words, *inside, icon=icon, color="gray_background")


def code(language: str, words: str) -> Block:
    """Make a block of code."""
    return text("code", words, language=language, caption="")


def columns(*sides: Sequence[Node]) -> Block:
    """Set blocks side by side."""
    inside = [Block(type="column", inside=side) for side in sides]
    return Block(type="column_list", inside=inside)


def table(*lines: Sequence[Text]) -> Block:
    """Make a table whose first line is its header."""
    rows = [Block(type="table_row", body={"cells": list(line)}) for line in lines]
    body = {"table_width": len(lines[0]), "has_column_header": True}
    return Block(type="table", body={**body, "has_row_header": False}, inside=rows)


def synced(*inside: Node) -> Block:
    """Make the original of a synced block."""
    return Block(type="synced_block", body={"synced_from": None}, inside=inside)


def linked_view(title: str) -> Block:
    """Show a database that lives elsewhere; its id opens nothing."""
    return Block(type="child_database", body={"title": title})


def image(url: str, caption: Text) -> Block:
    """Show a picture from elsewhere."""
    body = {"type": "external", "external": {"url": url}, "caption": caption}
    return Block(type="image", body=body)
