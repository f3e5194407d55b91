"""Write down the pages of the large workspace."""

import random
from collections.abc import Sequence

from sandbox.notion.api.nodes import (
    Block,
    Node,
    Page,
    callout,
    code,
    columns,
    h,
    image,
    li,
    num,
    p,
    synced,
    table,
    text,
    todo,
    toggle,
)
from sandbox.notion.seed import words
from sandbox.notion.seed.workspaces import Workspace

SECTIONS, LINES = 40, 40
LEVELS = ("Onboarding", "First week", "Day one", "Your laptop", "Passwords")
ODD_ICON = {
    "type": "custom_emoji",
    "custom_emoji": {
        "id": "45ce454c-d427-4f53-9489-e5d0f3d1db6b",
        "name": "lantern",
        "url": "https://files.lantern-and-reed.example/lantern.png",
    },
}


def make_handbook(rng: random.Random, workspace: Workspace) -> Page:
    """Write down pages six deep, and pages in every place a page can hide in."""
    inner = Page(title="Recovery codes", inside=[p("As deep as it goes.")])
    for title in reversed(LEVELS[1:]):
        inside: list[Node] = [p(rng.choice(words.SENTENCES)), inner]
        inner = Page(title=title, icon="🗝️", inside=inside)
    first = Page(title=LEVELS[0], icon="👋", inside=[h(1, LEVELS[0]), inner])
    return Page(
        title="Team handbook",
        icon="📘",
        inside=[
            h(1, "Welcome"),
            p(
                [
                    "Written by ",
                    {"user": workspace.people[0].id, "shown": "@Ines Okafor"},
                    " on ",
                    {"date": "2026-02-01"},
                    ". ",
                    {"t": "Read this", "link": "https://example.org/", "bold": True},
                ]
            ),
            first,
            columns(
                [h(2, "Left"), Page(title="Hidden in a column")],
                [p("Right"), toggle("More", Page(title="Hidden in a column's toggle"))],
            ),
            toggle("Click to open", li("One"), Page(title="Hidden in a toggle")),
            callout("💡", "Mind the step.", Page(title="Hidden in a callout")),
            synced(p("The same everywhere."), Page(title="Hidden in a synced block")),
            li("A list", li("inside a list", Page(title="Hidden in a list"))),
            text("unsupported", ""),
        ],
    )


def make_projects(rng: random.Random, number: int) -> Page:
    """Write down many ordinary pages, by year."""
    years = [
        Page(
            title=f"Projects {year}",
            icon="🗂️",
            inside=[_make_project(rng, year, n) for n in range(number // 3 + 1)],
        )
        for year in (2024, 2025, 2026)
    ]
    return Page(title="Projects", icon="🧭", inside=[p("By year."), *years])


def _make_project(rng: random.Random, year: int, number: int) -> Page:
    name = f"{rng.choice(words.FIRST)} {rng.choice(words.SECOND)} {year}/{number}"
    odd = words.ODD_TITLES[number // 7 % len(words.ODD_TITLES)]
    return Page(
        title=odd if number % 7 == 3 else name,
        icon=words.ICONS[number % len(words.ICONS)] if number % 4 else None,
        inside=[
            h(2, "Goal"),
            p(rng.choice(words.SENTENCES)),
            *(
                Page(title=f"{name} — {part}", inside=[p(rng.choice(words.SENTENCES))])
                for part in ("brief", "budget", "minutes", "retrospective")
            ),
        ],
    )


def make_readings(workspace: Workspace) -> Page:
    """Write down pages that are hard to read: long, odd or both."""
    return Page(
        title="Reading room",
        icon={"file": "https://files.lantern-and-reed.example/secure/icon.png"},
        inside=[
            _make_long(),
            _make_awkward(),
            _make_meeting(workspace),
            Page(title=words.ODD_TITLES[13], inside=[p("A very long title above.")]),
            Page(title="", inside=[p("This page has no title.")]),
            Page(title="Nothing in it"),
        ],
    )


def _make_long() -> Page:
    sections = [
        toggle(f"Section {s}", *(p(f"Line {s}.{n}: xylophone {s * n}")
                                 for n in range(LINES)))
        for s in range(SECTIONS)
    ]  # fmt: skip
    return Page(title="A page longer than one answer", icon="🐋", inside=sections)


def _make_awkward() -> Page:
    return Page(
        title="Awkward *Markdown* [page]",
        icon="🪤",
        inside=[
            *(h(level, f"Heading {level}") for level in (1, 2, 3, 4)),
            *(p(line) for line in words.AWKWARD),
            p([{"t": "red", "color": "red"}, " ", {"t": "x = y*2", "code": True}]),
            p("A whole gray paragraph", color="gray"),
            p(""),
            code("python", words.PROGRAM),
            num("one", num("one in one")),
            num("two", code("plain text", "- [ ] literal")),
            todo("done", p("below it"), checked=True),
            text("quote", "To be,\nor not"),
            table(["Name", "Price | €"], ["Tea", "3 < 4"], ["<b>", ""]),
            image("https://images.example/cat.png", "A [cat]"),
            Block(type="bookmark", body={"url": "https://example.org/", "caption": ""}),
            Block(type="equation", body={"expression": "\\frac{1}{2}"}),
            Block(type="divider"),
        ],
    )


def _make_meeting(workspace: Workspace) -> Page:
    notes: Sequence[Node] = [p("Ines: we start."), p("Tomasz: dobrze.")]
    title = [{"t": "Weekly call", "bold": False}]
    meeting = Block(type="meeting_notes", body={"title": title}, inside=notes)
    return Page(title="Call of 3 October", icon="🎙️", inside=[meeting])


def make_board(workspace: Workspace) -> Page:
    """Write down a page that is not picked, with pages below it that are."""
    only = {"full_access": [workspace.people[0].id], "unticked": True}
    agenda = {"full_access": [workspace.people[0].id], "offered": True}
    return Page(
        title="Board (private)",
        icon="🔒",
        flags=only,
        inside=[
            Page(
                title="Open agenda",
                icon="🗓️",
                flags=agenda,
                inside=[p("Item one"), Page(title="Attachments to the agenda")],
            ),
            toggle("Minutes", Page(title="Minutes for everybody", flags=agenda)),
            Page(title="Salaries"),
        ],
    )


def make_leavings() -> list[Page]:
    """Write down what lies in the trash, and what lives on below it."""
    below = Page(title="Alive below the trash", inside=[p("Nobody trashed me.")])
    return [
        Page(
            title="Old things",
            icon="🧹",
            inside=[
                Page(title="Thrown away", in_trash=True, inside=[below]),
                Page(title="Thrown away as well", in_trash=True),
                Page(title="Kept"),
            ],
        ),
        Page(title="A page in the trash", in_trash=True),
    ]


def make_strays(workspace: Workspace) -> list[Page]:
    """Write down top pages that are odd in some way."""
    agent = {"type": "agent_id", "agent_id": "0f6ad5c4-2f21-4a58-9b7e-6f0c1d2e3a4b"}
    named = {"type": "icon", "icon": {"name": "pizza", "color": "blue"}}
    return [
        Page(title="Summary written by an agent", icon=named, flags={"parent": agent}),
        Page(
            title="Home of Tomasz",
            icon=ODD_ICON,
            flags={"full_access": [workspace.people[1].id]},
            inside=[Page(title="Only Tomasz sees this", inside=[p("Cześć!")])],
        ),
        Page(title="", flags={"public_url": "https://lantern.notion.site/open"}),
    ]
