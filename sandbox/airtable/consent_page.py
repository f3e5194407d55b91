"""Draw the consent page; choosing a person shows the bases of their account."""

from typing import TYPE_CHECKING

from sandbox.airtable.authorization import Asked
from sandbox.airtable.seed.accounts import COMPANIES, Company
from sandbox.core.html import Safe, each, fill, join, show_page
from sandbox.core.provider import Person
from sandbox.core.web import Response

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

BANNER = "Sandbox — simulated Airtable. No real data, no real account."
WORDS = {
    "data.records:read": "See the data in records",
    "schema.bases:read": "See the structure of a base, like table names or field types",
    "user.email:read": "See your email address",
    "webhook:manage": "Be told when something changes",
}


def show_form(
    sandbox: "Sandbox",
    asked: Asked,
    *,
    problem: str = "",
    chosen: Person | None = None,
) -> Response:
    """Show the consent page; again, with no base ticked, when none was chosen."""
    person = chosen or COMPANIES[0].people[0]
    main = fill(
        CONSENT,
        problem=fill('<p class="failed">$text</p>', text=problem) if problem else "",
        companies=join(
            _show_company(sandbox, company, person, ticked=_checked(not problem))
            for company in COMPANIES
        ),
        scopes=each(
            "<li>$words <code>$scope</code></li>",
            ({"words": WORDS.get(s, s), "scope": s} for s in asked.scopes),
        ),
        hidden=each(
            '<input type="hidden" name="$name" value="$value">',
            ({"name": n, "value": v} for n, v in asked.fields.items()),
        ),
    )
    status = 400 if problem else 200
    return show_page("Grant access", main, banner=BANNER, kind="consent", status=status)


def show_problem(reason: str) -> Response:
    """Show what is wrong with the request; the integration is told nothing."""
    main = fill(PROBLEM, reason=reason)
    return show_page(
        "Access cannot be granted", main, banner=BANNER, kind="consent", status=400
    )


def _show_company(
    sandbox: "Sandbox", company: Company, person: Person, *, ticked: Safe
) -> Safe:
    people = (
        {
            "value": f"{company.id}:{somebody.id}",
            "name": somebody.name,
            "email": somebody.email,
            "checked": _checked(somebody is person),
        }
        for somebody in company.people
    )
    return fill(
        COMPANY,
        name=company.name,
        note=company.note,
        people=each(PERSON, people),
        workspaces=join(
            fill(
                WORKSPACE,
                id=workspace.id,
                name=workspace.name,
                plan=workspace.plan,
                bases=_show_bases(sandbox, workspace.id, ticked),
            )
            for workspace in company.workspaces
        ),
    )


def _show_bases(sandbox: "Sandbox", workspace: str, ticked: Safe) -> Safe:
    rows = sandbox.storage.all(
        "SELECT id, name FROM airtable_base WHERE workspace = ? ORDER BY name, id",
        workspace,
    )
    return each(BASE, ({**dict(row), "ticked": ticked} for row in rows))


def _checked(is_checked: object) -> Safe:
    return Safe(" checked" if is_checked else "")


CONSENT = """
<h1>Let an integration use your bases</h1>
<p><strong>Mooring (sandbox registration)</strong> asks for access to a simulated
Airtable account. Choose who you are, and what it may use.</p>
$problem
<form method="post">
$hidden
$companies
<details open><summary>What it will be able to do</summary>
<ul class="scopes">$scopes</ul></details>
<p class="actions">
<button class="main" name="action" value="connect">Grant access</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</p>
</form>
"""
COMPANY = """
<fieldset>
<legend>$name</legend>
<p class="note">$note</p>
$people
<div class="picked">
<p class="note">Bases you cannot open yourself stay closed to the integration.</p>
$workspaces
</div>
</fieldset>
"""
PERSON = """
<label class="choice">
<input type="radio" name="identity" value="$value" required$checked>
<span><strong>$name</strong> <span class="mail">$email</span></span>
</label>
"""
WORKSPACE = """
<h3>$name <small>$plan plan</small></h3>
$bases
<label class="choice"><input type="checkbox" name="use:$id">
<span>All current and future bases of this workspace</span></label>
"""
BASE = """
<label class="choice"><input type="checkbox" name="use:$id"$ticked>
<span><bdi>$name</bdi> <small><code>$id</code></small></span></label>
"""
PROBLEM = """
<h1>Access cannot be granted</h1>
<p>$reason</p>
<p>Nothing was sent back to the integration. This is a mistake in its registration or
request, not in your account.</p>
"""
