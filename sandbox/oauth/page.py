"""Draw the consent page: accounts, the people in them, and what they may pick."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.core.html import Safe, each, fill, join, show_page
from sandbox.core.provider import Account, Person
from sandbox.core.state import Sandbox
from sandbox.core.web import Response
from sandbox.oauth.consent import Asked, Options
from sandbox.oauth.policy import Policy

APP = "Mooring (sandbox registration)"


def show_form(
    policy: Policy,
    sandbox: Sandbox,
    asked: Asked,
    accounts: Sequence[Account],
    *,
    problem: str = "",
    chosen: Person | None = None,
) -> Response:
    """Show the consent page; once more, with nothing ticked, after a problem."""
    draw = _Drawing(
        policy=policy,
        sandbox=sandbox,
        chosen=chosen or accounts[0].people[0],
        problem=problem,
    )
    hidden = ({"name": n, "value": v} for n, v in asked.fields.items())
    main = fill(
        CONSENT,
        title=policy.page.title,
        app=APP,
        name=policy.name,
        lead=policy.page.lead,
        problem=fill('<p class="failed">$text</p>', text=problem) if problem else "",
        hidden=each('<input type="hidden" name="$name" value="$value">', hidden),
        accounts=join(draw.show_account(account) for account in accounts),
        scopes=_show_scopes(policy, asked),
        more=policy.page.more,
        allow=policy.page.allow,
        label=policy.page.allow_label,
    )
    return _show(policy, policy.page.title, main, status=400 if problem else 200)


def show_problem(policy: Policy, reason: str) -> Response:
    main = fill(PROBLEM, reason=reason)
    return _show(policy, "The app cannot be connected", main, status=400)


def _show(policy: Policy, title: str, main: Safe, *, status: int) -> Response:
    banner = f"Sandbox — simulated {policy.name}. No real data, no real account."
    return show_page(title, main, banner=banner, kind="consent", status=status)


def _show_scopes(policy: Policy, asked: Asked) -> Safe:
    rows = [(scope, "") for scope in dict.fromkeys(asked.scopes)]
    rows += [(scope, "if the account has it") for scope in asked.optional_scopes]
    if not rows:
        return Safe("")
    words = policy.page.scope_words
    shown = ({"words": words.get(s, ""), "scope": s, "note": note} for s, note in rows)
    return fill(SCOPES, rows=each(SCOPE, shown))


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """Draw accounts and people; the one who is chosen stands ticked."""

    policy: Policy
    sandbox: Sandbox
    chosen: Person
    problem: str

    def show_account(self, account: Account) -> Safe:
        lists = self.policy.pick_in_account(self.sandbox, account)
        return fill(
            ACCOUNT,
            name=account.name,
            note=account.note,
            id=account.id,
            people=join(
                self.show_person(account, value, person)
                for value, person in account.identities.items()
            ),
            picker=self.show_picker(lists, account.name),
        )

    def show_person(self, account: Account, value: str, person: Person) -> Safe:
        lists = self.policy.pick_as_person(self.sandbox, account, person)
        return fill(
            PERSON,
            **vars(person),
            value=value,
            checked=_check(person is self.chosen),
            picker=self.show_picker(lists, person.name),
        )

    def show_picker(self, lists: Sequence[Options], whose: str) -> Safe:
        if not lists:
            return Safe("")
        shown = []
        for options in lists:
            if options.title:
                shown.append(fill("<h3>$title</h3>", title=options.title))
            rows = (
                {
                    **vars(option),
                    "checked": _check(option.is_ticked and not self.problem),
                }
                for option in options.options
            )
            shown.append(each(OPTION, rows))
        note = self.policy.page.pick_note
        return fill(PICKER, whose=whose, note=note, options=join(shown))


def _check(is_checked: object) -> Safe:
    return Safe(" checked" if is_checked else "")


CONSENT = """
<h1>$title</h1>
<p><strong>$app</strong> wants to use a simulated $name account. $lead</p>
$problem
<form method="post">
$hidden
$accounts
$scopes
$more
<p class="actions">
<button class="main" name="action" value="$allow">$label</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</p>
</form>
"""
ACCOUNT = """
<fieldset>
<legend>$name</legend>
<p class="note">$note <code>$id</code></p>
$people
$picker
</fieldset>
"""
PERSON = """
<div class="person">
<label class="choice">
<input type="radio" name="identity" value="$value" required$checked>
<span><strong>$name</strong> <span class="mail">$email</span></span>
</label>
$picker
</div>
"""
PICKER = """
<div class="picker" role="group" aria-label="What $whose may pick">
<p class="note">$note</p>
$options
</div>
"""
OPTION = """
<label class="choice">
<input type="checkbox" name="$name"$checked>
<span aria-hidden="true">$icon</span>
<span><bdi>$title</bdi><small>$note</small></span>
</label>
"""
SCOPES = """
<details open><summary>What the app asks for</summary>
<ul class="scopes">$rows</ul></details>
"""
SCOPE = "<li>$words <code>$scope</code> <small>$note</small></li>"
PROBLEM = """
<h1>The app cannot be connected</h1>
<p>$reason</p>
<p>Nothing was sent back to the app. This is a mistake in the app's configuration or
request, not in your account.</p>
"""
