"""Show a whole page in Notion's own Markdown, up to a number of blocks."""

from typing import TYPE_CHECKING

from sandbox.core.web import Request, Response
from sandbox.notion.api.auth import (
    READ,
    Caller,
    answer,
    api,
    find_visible,
    read_path_id,
)
from sandbox.notion.api.blocks import SHOWN, find_block
from sandbox.notion.api.dialect import Outline
from sandbox.notion.api.errors import invalid
from sandbox.notion.seed.workspaces import PAGE, SLUG

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

BLOCKS = f"SELECT b.*, o.title {SHOWN} AND b.page = :page ORDER BY b.position"


@api(READ)
def show_markdown(sandbox: "Sandbox", request: Request, caller: Caller) -> Response:
    """Return the text of a page, or of one block when its id is given instead."""
    root = read_path_id(request, "page")
    transcript = _read_transcript(request)
    page = find_visible(sandbox, caller, root, PAGE)
    block = None if page else find_block(sandbox, request, caller, root)
    page_id = block["page"] if block else root
    rows = sandbox.storage.connection.execute(
        BLOCKS, {"holder": caller.holder, "page": page_id}
    ).fetchall()
    most = sandbox.switches.get(SLUG, "markdown_blocks", caller.workspace)
    outline = Outline(page_id, rows, most=most, with_transcript=transcript)
    lines = outline.write_one(block) if block else outline.write_inside(root)
    text = "".join(f"{line}\n" for line in lines)
    return answer(
        request,
        {
            "object": "page_markdown",
            "id": root,
            "markdown": text,
            "truncated": bool(outline.unknown),
            "unknown_block_ids": outline.unknown,
        },
    )


def _read_transcript(request: Request) -> bool:
    fields = dict(request.query)
    value = fields.pop("include_transcript", "false")
    if fields or value not in ("true", "false"):
        message = "query failed validation: only include_transcript is known here."
        raise invalid(request, message)
    return value == "true"
