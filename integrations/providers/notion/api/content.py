"""Fetch the text of one page and what is inside it, mostly in one call."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    Transient,
    is_refusal,
)
from integrations.http.responses.shape import expect_object
from integrations.providers.notion.api.literal import settle_headings
from integrations.providers.notion.ids import find_ids, to_id
from integrations.providers.notion.mapping.outline import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    Outline,
    parse,
)
from integrations.providers.notion.mapping.unknown import UNTOLD
from integrations.providers.records import Content
from integrations.providers.text.rich_text import Block, BlockKind, to_json

# What a large page leaves out is asked for block by block: so many calls at most.
MOST_FOLLOW_UPS: Final = 8
_CHILDREN: Final = frozenset({BlockKind.PAGE, BlockKind.DATABASE})


class Child(Struct, frozen=True, kw_only=True):
    """A page, or a database, inside a page."""

    id: str
    is_page: bool


class PageText(Struct, frozen=True, kw_only=True):
    """What the Markdown of a page tells: its text, and what is inside it.

    ``parts`` are the blocks that were left out for their number: what is inside them
    is not told. ``children`` is None where more than that is not.
    """

    text: Content | None = None
    children: tuple[Child, ...] | None = None
    parts: tuple[str, ...] = ()


def fetch_content(api: ApiClient, page_id: str) -> Content:
    """Return the outline of a page; what is left out of it is named as truncated."""
    root = to_id(page_id)
    gathered = _gather(api, root)
    gathered.blocks = settle_headings(api, root, gathered.blocks)
    return gathered.to_content()


def read_page(api: ApiClient, page_id: str) -> PageText:
    """Return the text of a page and what is inside it.

    Nothing where its Markdown is refused, by whoever answers: its blocks may be shown
    all the same.
    """
    try:
        gathered = _gather(api, page_id)
    except ApiError as exc:
        asked_for = exc.retry_after if isinstance(exc, Transient) else None
        if not is_refusal(exc) or asked_for is not None:
            raise
        return PageText()
    children, parts = gathered.children(), tuple(gathered.parts)
    gathered.blocks = settle_headings(api, page_id, gathered.blocks)
    return PageText(text=gathered.to_content(), children=children, parts=parts)


def _gather(api: ApiClient, root: str) -> "_Gathered":
    """Fetch a page's Markdown, and that of some blocks that are left out of it.

    https://developers.notion.com/reference/retrieve-page-markdown
    """
    gathered = _Gathered()
    waiting = gathered.add(root, _fetch(api, root))
    asked = {root}
    for _ in range(MOST_FOLLOW_UPS):
        waiting = [each for each in waiting if each not in asked]
        if not waiting or gathered.is_full:
            break
        block_id, *waiting = waiting
        asked.add(block_id)
        try:
            waiting = gathered.add(block_id, _fetch(api, block_id)) + waiting
        except (NotFound, InvalidRequest):
            # Some are not left out for their size, but not shown to us at all.
            gathered.parts.append(block_id)
    gathered.parts += [each for each in waiting if each not in asked]
    return gathered


def _fetch(api: ApiClient, remote_id: str) -> dict[str, Any]:
    answer = expect_object(api.get(f"/pages/{remote_id}/markdown"), "markdown")
    if not isinstance(answer.get("markdown"), str):
        raise InvalidResponse("markdown: expected a text")
    return answer


class _Gathered(Struct, kw_only=True):
    """The blocks of a page, with placeholders for the parts that are missing."""

    blocks: list[Block] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    is_cut: bool = False
    may_hide: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.blocks) >= MAX_BLOCKS

    def add(self, remote_id: str, answer: dict[str, Any]) -> list[str]:
        """Put an answer where it is missing; return the ids of what it left out."""
        outline = parse(answer["markdown"])
        told = answer.get("unknown_block_ids")
        ids = find_ids(told) if isinstance(told, list) else []
        blocks = _with_ids(outline, ids)
        missing = [block.id for block in blocks if _is_gap(block) and block.id in ids]
        is_untagged = len(outline.unknown) < len(ids)
        if is_untagged:
            # Not each of them has left a tag.
            missing += [each for each in ids if each not in missing]
        self._put(remote_id, blocks)
        is_told_short = answer.get("truncated") is True and not missing
        self.is_cut |= outline.is_cut or is_told_short
        self.may_hide |= outline.may_hide or is_untagged
        return missing

    def children(self) -> tuple[Child, ...] | None:
        """Return the pages and databases that are told, None if others may lack.

        That is, others than those inside of ``parts``.
        """
        found = [block for block in self.blocks if block.kind in _CHILDREN]
        is_cut = self.is_cut or self.may_hide
        if is_cut or not all(block.id for block in found):
            return None
        ids = {block.id: block.kind is BlockKind.PAGE for block in found}
        return tuple(Child(id=each, is_page=is_page) for each, is_page in ids.items())

    def _put(self, remote_id: str, blocks: Sequence[Block]) -> None:
        """Replace the placeholder of a part by its blocks; others go to the end."""
        at, depth = len(self.blocks), 0
        for number, block in enumerate(self.blocks):
            if _is_gap(block) and block.id == remote_id:
                at, depth = number, block.depth
                break
        self.blocks[at : at + 1] = [
            replace(each, depth=min(each.depth + depth, MAX_DEPTH)) for each in blocks
        ]

    def to_content(self) -> Content:
        blocks = [
            replace(each, id="") if _is_gap(each) else each
            for each in self.blocks[:MAX_BLOCKS]
        ]
        text = "\n".join(filter(None, (block.text for block in blocks)))
        return Content(
            blocks=list(map(to_json, blocks)),
            text=text[:MAX_CHARACTERS],
            is_truncated=self.is_cut
            or bool(self.parts)
            or len(self.blocks) > MAX_BLOCKS
            or len(text) > MAX_CHARACTERS,
        )


def _is_gap(block: Block) -> bool:
    """Tell whether a block stands for one that can be asked for."""
    return block.kind is BlockKind.PLACEHOLDER and bool(block.id)


def _with_ids(outline: Outline, ids: Sequence[str]) -> list[Block]:
    """Return the blocks with the ids of those whose tag tells none, by position."""
    blocks = outline.blocks
    if len(outline.unknown) != len(ids):
        named = {blocks[at].id for at in outline.unknown}
        ids = [each for each in ids if each not in named]
        untold = [at for at in outline.unknown if blocks[at].id == UNTOLD]
    else:
        untold = outline.unknown
    found = dict(zip(untold, ids, strict=False))
    return [
        replace(block, id=found.get(at, UNTOLD)) if block.id == UNTOLD else block
        for at, block in enumerate(blocks)
    ]
