"""Show the consent page: accounts, the people in them, and what they may pick."""

from collections.abc import Sequence

from sandbox.core.html import show_page
from sandbox.core.provider import Account, Person
from sandbox.core.state import Sandbox
from sandbox.core.web import Response
from sandbox.oauth.consent import Asked
from sandbox.oauth.policy import Policy


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
    offered = []
    for account in accounts:
        people = [
            (value, person, policy.pick_as_person(sandbox, account, person))
            for value, person in account.identities.items()
        ]
        offered.append((account, policy.pick_in_account(sandbox, account), people))
    words = policy.page.scope_words
    notes = dict.fromkeys(asked.scopes, "")
    notes |= dict.fromkeys(asked.optional_scopes, "if the account has it")
    return show_page(
        "oauth/consent.html",
        policy.page.title,
        status=400 if problem else 200,
        policy=policy,
        asked=asked,
        offered=offered,
        chosen=chosen or accounts[0].people[0],
        scopes=[(scope, words.get(scope, ""), note) for scope, note in notes.items()],
        problem=problem,
    )


def show_problem(policy: Policy, reason: str) -> Response:
    title, more = "The app cannot be connected", {"policy": policy, "reason": reason}
    return show_page("oauth/problem.html", title, status=400, **more)
