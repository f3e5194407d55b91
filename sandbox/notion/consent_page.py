"""Draw the consent page."""

from typing import TYPE_CHECKING

from sandbox.core.html import Safe, each, fill, join, show_page
from sandbox.core.provider import Person
from sandbox.core.web import Response
from sandbox.notion.api.people import OWNERS
from sandbox.notion.picker import Choice, list_pickable
from sandbox.notion.seed.workspaces import DATABASE, LANTERN, WORKSPACES, Workspace

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

BANNER = "Sandbox — simulated Notion. No real data, no real account."
LONGEST = 70


def show_form(sandbox: "Sandbox", fields: dict[str, str]) -> Response:
    """Show every workspace, the people in it and what each may pick."""
    main = fill(
        CONSENT,
        workspaces=join(_show_workspace(sandbox, w) for w in WORKSPACES),
        owners=each(
            '<option value="$value">$label</option>',
            ({"value": value, "label": label} for value, label in OWNERS.items()),
        ),
        hidden=each(
            '<input type="hidden" name="$name" value="$value">',
            ({"name": n, "value": v} for n, v in fields.items()),
        ),
    )
    return show_page("Connect to Notion", main, banner=BANNER, kind="consent")


def show_error(reason: str) -> Response:
    """Show what is wrong with the request; nothing goes back to the app."""
    main = fill(ERROR, reason=reason)
    title = "The connection cannot be made"
    return show_page(title, main, banner=BANNER, kind="consent", status=400)


def _show_workspace(sandbox: "Sandbox", workspace: Workspace) -> Safe:
    people = [_show_person(sandbox, workspace, p) for p in workspace.people]
    return fill(
        WORKSPACE, name=workspace.name, note=workspace.note, people=join(people)
    )


def _show_person(sandbox: "Sandbox", workspace: Workspace, person: Person) -> Safe:
    is_first = workspace is LANTERN and person is workspace.people[0]
    choices = list_pickable(sandbox, workspace, person)
    return fill(
        PERSON,
        value=f"{workspace.id}:{person.id}",
        name=person.name,
        email=person.email,
        checked=Safe(" checked") if is_first else "",
        pages=join(_show_choice(person, choice) for choice in choices),
    )


def _show_choice(person: Person, choice: Choice) -> Safe:
    kind = "Database" if choice.kind == DATABASE else "Page"
    title = choice.title
    return fill(
        CHOICE,
        name=f"page:{person.id}:{choice.id}",
        checked=Safe(" checked") if choice.is_picked else "",
        icon=choice.icon or "📄",
        title=title if len(title) <= LONGEST else f"{title[:LONGEST]}…",
        note=f"{kind} in {choice.above}" if choice.above else kind,
    )


CONSENT = """
<h1>Connect an app to Notion</h1>
<p><strong>Mooring (sandbox registration)</strong> wants to read pages of a simulated
Notion workspace. Choose the workspace, who you are in it, and the pages.</p>
<form method="post">
$hidden
$workspaces
<details><summary>What the app is told about you</summary>
<label class="field">The authorization belongs to
<select name="grant_owner">$owners</select></label>
<p class="note">Notion decides this by the app's settings; here you can try each.</p>
</details>
<p class="actions">
<button class="main" name="action" value="allow">Allow access</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</p>
</form>
"""
WORKSPACE = """
<fieldset>
<legend>$name</legend>
<p class="note">$note</p>
$people
</fieldset>
"""
PERSON = """
<div class="person">
<label class="choice">
<input type="radio" name="identity" value="$value" required$checked>
<span><strong>$name</strong> <span class="mail">$email</span></span>
</label>
<div class="picker" role="group" aria-label="Pages $name may share">
<p class="note">Everything inside a page is shared with it.</p>
$pages
</div>
</div>
"""
CHOICE = """
<label class="choice">
<input type="checkbox" name="$name"$checked>
<span aria-hidden="true">$icon</span>
<span><bdi>$title</bdi><small>$note</small></span>
</label>
"""
ERROR = """
<h1>The connection cannot be made</h1>
<p>$reason</p>
<p>Nothing was sent back to the app. This is a mistake in the app's configuration or
request, not in your account.</p>
"""
