"""Read from the pages what they say of a connection, as a user would."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

UUID_TEXT = r"[0-9a-f]{8}-[0-9a-f-]{27}"
BADGE = re.compile(
    r'<span class="(?:mooring-)?badge ?(\S*)"(?: data-state="(\S*)")?'
    r'(?: data-code="(\S*)")?>(.*?)</span>',
    re.DOTALL,
)
# Patterns that name a connection would be compiled anew for each.
FORM = re.compile(rf'action="/connections/({UUID_TEXT})/([a-z]+)/"')
CONSENT = re.compile(rf"/connections/connect/[a-z]+/\?connection=({UUID_TEXT})")
ADMIN_TONES = {"success": "ok", "warning": "warn", "error": "bad"}


def words(html: str) -> str:
    """Return the text of some HTML."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@dataclass(frozen=True, kw_only=True)
class Badge:
    """One badge: its colour, what stands in it, and the codes behind it."""

    tone: str
    state: str
    code: str
    text: str


def badges(html: str) -> list[Badge]:
    """Return every badge of a page in order."""
    return [
        Badge(
            tone=ADMIN_TONES.get(tone, tone), state=state, code=code, text=words(text)
        )
        for tone, state, code, text in BADGE.findall(html)
    ]


def condition_of(html: str) -> Badge:
    """Return the one badge that tells how the connection is."""
    found = {badge for badge in badges(html) if badge.state}
    assert len(found) == 1, f"not one condition: {found}"
    return found.pop()


def fact(html: str, *names: str) -> str:
    """Return what stands under a heading."""
    found = re.search(
        rf"<dt>(?:{'|'.join(names)})</dt>\s*<dd[^>]*>(.*?)</dd>", html, re.DOTALL
    )
    return words(found[1]) if found else ""


def number(html: str, code: str) -> int:
    """Return the number that stands under a code, 0 where there is none."""
    found = re.search(rf'data-code="{code}">([\d,]+)<', html)
    return int(found[1].replace(",", "")) if found else 0


def moments(html: str, *names: str) -> list[str]:
    """Return the times under a heading, to the second."""
    found = re.search(
        rf"<dt>(?:{'|'.join(names)})</dt>\s*<dd[^>]*>(.*?)</dd>", html, re.DOTALL
    )
    return re.findall(r'datetime="?([^" >]*)', found[1]) if found else []


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one page says of a connection; empty is what it does not speak of."""

    page: str
    badge: Badge
    text: str
    items: str = ""
    last: str = ""
    next: str = ""
    next_at: list[str] = field(default_factory=list)
    actions: frozenset[str] = frozenset()


def _actions(html: str, connection: UUID) -> frozenset[str]:
    own = str(connection)
    found = {action for key, action in FORM.findall(html) if key == own}
    if 'name="full"' in html:
        found.add("full_refresh")
        if html.count(f"/connections/{own}/sync/") == 1:
            found.discard("sync")
    if f"/connections/{own}/disconnect/" in html:
        found.add("disconnect")
    for link in ("collections", "remove"):
        if f'href="/connections/{own}/{link}/' in html:
            found.add(link)
    if own in CONSENT.findall(html):
        found.add("consent")
    return frozenset(found)


def of_part(page: str, html: str, connection: UUID) -> Shown:
    """Read a card, the connection's page or its live parts."""
    return Shown(
        page=page,
        badge=condition_of(html),
        text=words(html),
        items=fact(html, "Items"),
        last=fact(html, "Last sync"),
        next=fact(html, "Next", "Next sync"),
        next_at=moments(html, "Next", "Next sync"),
        actions=_actions(html, connection),
    )


def cards(page: str, html: str) -> dict[UUID, Shown]:
    """Read every card of a list."""
    found = {}
    for card in re.findall(r'<li class="card">(.*?)</li>', html, re.DOTALL):
        link = re.search(rf'<h3><a href="/connections/({UUID_TEXT})/">', card)
        if link:
            key = UUID(link[1])
            found[key] = of_part(page, card, key)
    return found


def admin_rows(html: str) -> dict[UUID, Shown]:
    """Read the admin's list."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
        link = re.search(rf"/admin/integrations/connection/({UUID_TEXT})/change/", row)
        if link:
            items = re.search(r'<td class="field-items">(.*?)</td>', row)
            found[UUID(link[1])] = Shown(
                page="admin list",
                badge=condition_of(row),
                text=words(row),
                items=words(items[1]).capitalize() if items else "",
            )
    return found


def in_words(fields: Iterable[Any]) -> list[tuple[str, str, str]]:
    """Return the labels of changed fields, with what was and what is."""
    return [(each["label"], each["old"], each["new"]) for each in fields]


def inside(page: Any) -> list[Any]:
    """Return the items that an item's page shows inside of it."""
    return [child.item for child in page.context["inside"].shown]
