"""The text of a page: an outline of plain words, whatever stands in it."""

import pytest

from integrations.http.errors import InvalidResponse, NotFound
from integrations.providers.capabilities import ReadsContent
from integrations.providers.notion.mapping.outline import MAX_BLOCKS, parse
from integrations.providers.text.rich_text import to_json

PAGE = "a1000000-0000-4000-8000-000000000001"
BLOCK = "c1000000-0000-4000-8000-00000000000"
READ = f"GET /v1/pages/{PAGE}/markdown"
CHILDREN = f"GET /v1/blocks/{PAGE}/children"
NONE = {"object": "list", "results": [], "has_more": False, "next_cursor": None}


def blocks_of(markdown):
    return [to_json(block) for block in parse(markdown).blocks]


def one(markdown):
    (block,) = blocks_of(markdown)
    return block


def words(markdown):
    return [block.text for block in parse(markdown).blocks]


def answer(markdown, *unknown, truncated=False):
    return {
        "object": "page_markdown",
        "id": PAGE,
        "markdown": markdown,
        "truncated": truncated,
        "unknown_block_ids": list(unknown),
    }


def block(kind, text):
    return {
        "object": "block",
        "type": kind,
        kind: {"rich_text": [{"type": "text", "plain_text": text}]},
    }


def read(notion, markdown, *unknown, **more):
    notion.transport.on(READ, answer(markdown, *unknown, **more))
    return notion.connector.fetch_content(notion.api, PAGE)


def test_a_page_without_headings_is_read_in_one_call(notion):
    content = read(notion, "- [ ] Ship it\n")

    assert content.text == "Ship it"
    assert len(notion.transport.requests) == 1


def test_a_page_is_read_as_an_outline(notion):
    notion.transport.on(READ, notion.load("markdown"))
    notion.transport.on(CHILDREN, NONE)

    content = notion.connector.fetch_content(notion.api, PAGE.replace("-", ""))

    assert content.text == "Plan\nShip it\nDraft\nMind the gap"
    assert [block["kind"] for block in content.blocks] == [
        "heading",
        "todo",
        "todo",
        "callout",
    ]
    assert not content.is_truncated
    assert isinstance(notion.connector, ReadsContent)


def test_what_a_large_page_leaves_out_is_asked_for(notion):
    notion.transport.on(READ, notion.load("markdown_truncated"))
    notion.transport.on(CHILDREN, NONE)
    rest = notion.load("markdown_subtree")
    notion.transport.on(f"GET /v1/pages/{BLOCK}1/markdown", rest)
    missing = notion.load("error_not_found")
    notion.transport.on(f"GET /v1/pages/{BLOCK}2/markdown", missing, status=404)

    content = notion.connector.fetch_content(notion.api, PAGE)

    assert content.text.endswith("The rest")
    assert content.is_truncated
    assert notion.transport.left == []


def test_a_page_that_never_ends_is_left_after_some_calls(notion):
    page = notion.load("markdown_truncated")
    many = [f"c1000000-0000-4000-8000-{n:012d}" for n in range(100, 150)]
    notion.transport.on(READ, {**page, "unknown_block_ids": many})
    notion.transport.on(CHILDREN, NONE)
    for each in many[:8]:
        notion.transport.on(f"GET /v1/pages/{each}/markdown", notion.load("markdown"))

    content = notion.connector.fetch_content(notion.api, PAGE)

    assert content.is_truncated
    assert len(notion.transport.requests) == 10


def test_what_has_no_markdown_leaves_a_trace_and_costs_no_call(notion):
    content = read(
        notion,
        'Intro\n<unknown url="https://www.notion.so/p#b1" alt="bookmark"/>\n'
        '<unknown url="https://www.notion.so/p#b2" alt="link_preview"/>\n'
        '<embed src="https://x.example"></embed>\n![A *view*](https://x.example)\nEnd\n',
        f"{BLOCK}1",
        f"{BLOCK}2",
    )

    assert content.text.splitlines() == [
        "Intro",
        "[bookmark, see Notion]",
        "[link preview, see Notion]",
        "[embed, see Notion]",
        "[image: A view, see Notion]",
        "End",
    ]
    assert not content.is_truncated
    assert len(notion.transport.requests) == 1


@pytest.mark.parametrize("fragment", ["#b2", f"#{BLOCK}2"])
def test_what_is_left_out_is_put_where_it_stood(notion, fragment):
    rest = f"GET /v1/pages/{BLOCK}2/markdown"
    notion.transport.on(rest, answer("- within\n\t- deeper\n"))

    content = read(
        notion,
        '<unknown url="https://www.notion.so/p#b1" alt="bookmark"/>\n- one\n'
        f'\t<unknown url="https://www.notion.so/p{fragment}" alt="to_do"/>\nEnd\n',
        f"{BLOCK}1",
        f"{BLOCK}2",
        truncated=True,
    )

    shown = [(block["text"], block["depth"]) for block in content.blocks[1:]]
    assert shown == [("one", 0), ("within", 1), ("deeper", 2), ("End", 0)]
    assert not content.is_truncated


def test_a_paragraph_with_the_sign_of_a_heading_is_none(notion):
    rows = [
        block("heading_1", "Plan"),
        block("paragraph", "# Plan"),
        block("heading_2", "Next"),
        block("paragraph", "## **odd"),
    ]
    notion.transport.on(CHILDREN, {**NONE, "results": rows})

    content = read(notion, "# Plan\n# Plan\n## Next\n## \\*\\*odd\n")

    shown = [(block["kind"], block["text"]) for block in content.blocks]
    assert shown == [
        ("heading", "Plan"),
        ("paragraph", "# Plan"),
        ("heading", "Next"),
        ("paragraph", "## **odd"),
    ]


def test_a_paragraph_inside_a_toggle_is_told_from_a_heading_as_well(notion):
    toggle = {
        **block("toggle", "More"),
        "id": "aaaaaaaa-0000-4000-8000-00000000000a",
        "has_children": True,
    }
    inside = [block("paragraph", "# Plan"), block("heading_2", "Next")]
    notion.transport.on(
        CHILDREN, {**NONE, "results": [toggle, block("heading_1", "Plan")]}
    )
    notion.transport.on(
        f"GET /v1/blocks/{toggle['id']}/children", {**NONE, "results": inside}
    )

    content = read(
        notion,
        "<details>\n<summary>More</summary>\n\t# Plan\n\t## Next\n</details>\n# Plan\n",
    )

    shown = [(block["kind"], block["text"]) for block in content.blocks]
    assert shown == [
        ("toggle", "More"),
        ("paragraph", "# Plan"),
        ("heading", "Next"),
        ("heading", "Plan"),
    ]


def test_blocks_are_asked_for_no_longer_than_headings_are_in_doubt(notion):
    toggle = {**block("toggle", "More"), "id": PAGE, "has_children": True}
    rows = [block("heading_1", "Plan"), toggle]
    notion.transport.on(CHILDREN, {**NONE, "results": rows})

    read(notion, "# Plan\n<details>\n<summary>More</summary>\n\tText\n</details>\n")

    assert len(notion.transport.requests) == 2


def test_headings_whose_blocks_are_not_shown_stay_headings(notion):
    notion.transport.on(CHILDREN, notion.load("error_not_found"), status=404)

    assert read(notion, "# Plan\n").blocks[0]["kind"] == "heading"


def test_links_and_styles_are_kept(notion):
    content = read(
        notion,
        "a **b *c*** ~~d~~ `e` [f *g*](https://x.example/) "
        '<mention-page url="https://app.notion.com/p/1">h</mention-page>\n',
    )

    assert content.blocks[0]["text"] == {
        "spans": [
            {"text": "a "},
            {"text": "b ", "styles": ["bold"]},
            {"text": "c", "styles": ["bold", "italic"]},
            {"text": " "},
            {"text": "d", "styles": ["strike"]},
            {"text": " "},
            {"text": "e", "styles": ["code"]},
            {"text": " "},
            {"text": "f ", "href": "https://x.example/"},
            {"text": "g", "styles": ["italic"], "href": "https://x.example/"},
            {"text": " "},
            {"text": "h", "href": "https://app.notion.com/p/1"},
        ]
    }


def test_what_is_too_long_to_keep_says_so():
    code, cells = (
        parse("```\n" + "x" * 9_000 + "\n" + "y\n" * 9_000 + "```"),
        parse("|" + "a|" * 80),
    )

    assert code.is_cut
    assert code.blocks[0].text.endswith("…")
    assert cells.is_cut
    assert cells.blocks[0].text.endswith("a | …")


@pytest.mark.parametrize("shape", [{}, [], {"markdown": None}, {"markdown": []}])
def test_a_text_of_another_shape_is_no_empty_page(notion, shape):
    notion.transport.on(READ, shape)

    with pytest.raises(InvalidResponse):
        notion.connector.fetch_content(notion.api, PAGE)


def test_a_page_that_is_not_shared_any_more_is_not_found(notion):
    notion.transport.on(READ, notion.load("error_not_found"), status=404)

    with pytest.raises(NotFound):
        notion.connector.fetch_content(notion.api, PAGE)


@pytest.mark.parametrize(
    ("line", "block"),
    [
        ("# One", {"kind": "heading", "level": 1, "text": "One"}),
        ("###### Six", {"kind": "heading", "level": 4, "text": "Six"}),
        ('## Two {toggle="true" color="red"}', {"kind": "heading", "level": 2}),
        ("- Point", {"kind": "item", "text": "Point", "depth": 0}),
        ("\t\t- Deep", {"kind": "item", "text": "Deep", "depth": 2}),
        ("3. Third", {"kind": "item", "number": 3, "text": "Third"}),
        ("- [ ] Open", {"kind": "todo", "is_done": False, "text": "Open"}),
        ("- [x] Done", {"kind": "todo", "is_done": True, "text": "Done"}),
        ("> One<br>Two", {"kind": "quote", "text": "One\nTwo"}),
        ("---", {"kind": "divider"}),
        ("| a | b |", {"kind": "row", "cells": ["a", "b"]}),
        ("<tr><td>1</td><th>2</th></tr>", {"kind": "row", "cells": ["1", "2"]}),
        ("<summary>More</summary>", {"kind": "toggle", "text": "More"}),
        ("Words", {"kind": "paragraph", "text": "Words"}),
        (
            f'<page url="https://app.notion.com/{PAGE.replace("-", "")}">Child</page>',
            {"kind": "page", "text": "Child", "id": PAGE},
        ),
        ('<database inline="true">Tasks</database>', {"kind": "database"}),
    ],
)
def test_each_kind_of_block_is_recognised(line, block):
    assert one(line).items() >= block.items()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("**bold *and italic*** ~~gone~~", "bold and italic gone"),
        ("`a *literal* piece`", "a *literal* piece"),
        (r"\*not bold\* 5 \< 6 \\ \[x\]", r"*not bold* 5 < 6 \ [x]"),
        ("[label](https://x.example/a_(b)) end", "label end"),
        ("a__b__c and _d_", "a__b__c and _d_"),
        (r"`a \* b` \`c\`", r"a \* b `c`"),
        ("area $`a*b*c`$ here", "area a*b*c here"),
        (
            '<mention-date start="2026-11-20" startTime="09:00" timeZone="Asia/Oita"/>',
            "2026-11-20 09:00 Asia/Oita",
        ),
        ('- <unknown url="x" alt="link_preview"/>', "[link preview, see Notion]"),
        ('<mention-user url="user://1">Ana</mention-user> knows', "Ana knows"),
        ('until <mention-date start="2026-11-20" end="2026-11-22"/>', None),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<b onclick=x>bold</b> 2 < 3", "bold 2 < 3"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("area $x^2$ here", "area x^2 here"),
        ('Red {color="red"}', "Red"),
        ("said[^https://x.example]", "said"),
    ],
)
def test_markup_is_left_behind_and_words_stay(line, text):
    assert words(line)[0] == (text or "until 2026-11-20 to 2026-11-22")


def test_code_is_literal_and_keeps_its_lines():
    block = one("\t```python\n\tx = '**no**'\n\t\tif <b>:\n\t```")

    assert block == {
        "kind": "code",
        "language": "python",
        "text": "x = '**no**'\n\tif <b>:",
        "depth": 1,
    }


def test_code_that_is_never_closed_is_code_to_the_end():
    assert one("```\nx\n# y")["text"] == "x\n# y"


def test_callouts_are_read_as_tags_and_as_divisions():
    tags = '<callout icon="💡" color="red">\nMind\n- it\n</callout>\nafter'
    divisions = '::: callout {icon="💡"}\nMind\n- it\n:::\nafter'

    for markdown in (tags, divisions):
        kinds = [(b["kind"], b["text"]) for b in blocks_of(markdown)]
        assert kinds == [("callout", "Mind"), ("item", "it"), ("paragraph", "after")]


def test_an_equation_keeps_its_lines():
    assert one("$$\n\\frac{1}{2}\n$$")["text"] == "\\frac{1}{2}"


def test_tables_are_read_however_their_lines_are_broken():
    markdown = (
        '<table header-row="true">\n\t<colgroup>\n\t\t<col>\n\t</colgroup>\n'
        "\t<tr>\n\t\t<td>A</td>\n\t\t<td>**B**</td>\n\t</tr>\n</table>\n"
        "| a | b |\n| --- | --- |\n| 1 | x \\| y |"
    )

    assert words(markdown) == ["A | B", "a | b", "1 | x | y"]


def test_tags_that_people_wrote_themselves_are_words():
    for line in (
        r"\<tr\>\<td\>x\</td\>\</tr\>",
        r"\<summary\>x\</summary\>",
        r"\<callout\>x\</callout\>",
        r"\<page url=1\>x",
    ):
        block = one(line)
        assert block["kind"] == "paragraph"
        assert block["text"] == line.replace("\\", "")


def test_tags_alone_leave_nothing():
    assert words(
        "<columns>\n\t<column>\n\t\tText\n<table_of_contents/>\n<empty-block/>"
    ) == ["Text"]


def test_an_outline_is_bounded():
    outline = parse("line\n" * 10_000)

    assert len(outline.blocks) == MAX_BLOCKS
    assert outline.is_cut
    assert parse("x" * 20_000).is_cut


@pytest.mark.parametrize(
    "evil",
    [
        *("**a", ":", "<td>", "`a", "[", "<", '{a="b"', "$", "*a ", "\\*", "<page "),
        *("*a**b", "$`", "![a", '<unknown alt="', '<mention-page url="https://'),
    ],
)
def test_a_text_of_nothing_but_openings_costs_little(evil):
    parse(evil * (200_000 // len(evil)))
    parse("<tr>" + evil * (200_000 // len(evil)))
