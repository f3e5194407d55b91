"""Fetch the text of one page, in one call where the page is not too large."""

from dataclasses import dataclass, field
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import InvalidRequest, InvalidResponse, NotFound
from integrations.http.shape import expect_object
from integrations.providers.notion.ids import find_ids, to_id
from integrations.providers.notion.mapping.outline import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    Block,
    block_text,
    parse,
)
from integrations.providers.records import Content

# What a large page leaves out is asked for block by block: so many calls at most.
MOST_FOLLOW_UPS: Final = 8


def fetch_content(api: ApiClient, page_id: str) -> Content:
    """Return the outline of a page; what is left out of it is named as truncated.

    https://developers.notion.com/reference/retrieve-page-markdown
    """
    gathered = _Gathered()
    waiting = gathered.add(_fetch(api, to_id(page_id)))
    asked = {to_id(page_id)}
    for _ in range(MOST_FOLLOW_UPS):
        waiting = [each for each in waiting if each not in asked]
        if not waiting or gathered.is_full:
            break
        block_id, *waiting = waiting
        asked.add(block_id)
        try:
            waiting += gathered.add(_fetch(api, block_id))
        except (NotFound, InvalidRequest):
            # Some are not left out for their size, but not shown to us at all.
            gathered.is_truncated = True
    return gathered.to_content(is_truncated=any(w not in asked for w in waiting))


def _fetch(api: ApiClient, remote_id: str) -> dict[str, Any]:
    answer = expect_object(api.get(f"/pages/{remote_id}/markdown"), "markdown")
    if not isinstance(answer.get("markdown"), str):
        raise InvalidResponse("markdown: expected a text")
    return answer


@dataclass(kw_only=True)
class _Gathered:
    """The blocks of a page and of what was missing in it."""

    blocks: list[Block] = field(default_factory=list)
    is_truncated: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.blocks) >= MAX_BLOCKS

    def add(self, answer: dict[str, Any]) -> list[str]:
        """Take in one answer; return the ids of what it left out."""
        blocks, is_cut = parse(answer["markdown"])
        self.blocks += blocks
        unknown = answer.get("unknown_block_ids")
        missing = find_ids(unknown) if isinstance(unknown, list) else []
        is_told_short = answer.get("truncated") is True and not missing
        self.is_truncated = self.is_truncated or is_cut or is_told_short
        return missing

    def to_content(self, *, is_truncated: bool) -> Content:
        text = "\n".join(filter(None, map(block_text, self.blocks)))
        is_cut = self.is_full or len(text) > MAX_CHARACTERS
        return Content(
            blocks=self.blocks[:MAX_BLOCKS],
            text=text[:MAX_CHARACTERS],
            is_truncated=self.is_truncated or is_truncated or is_cut,
        )
