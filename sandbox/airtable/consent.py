"""Ask the person who they are and which bases the integration may use."""

import secrets
from typing import TYPE_CHECKING

from sandbox.airtable.api.params import Pairs, read_form, read_query
from sandbox.airtable.authorization import (
    Asked,
    BadRequestError,
    SentBackError,
    check_request,
)
from sandbox.airtable.consent_page import show_form, show_problem
from sandbox.airtable.oauth import save_choice
from sandbox.airtable.seed.accounts import COMPANIES, SLUG, Company
from sandbox.core.provider import Person
from sandbox.core.web import Request, Response
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def show_consent(sandbox: "Sandbox", request: Request) -> Response:
    """Show the consent page, or why there is none."""
    try:
        asked = check_request(sandbox, read_query(request))
    except BadRequestError as exc:
        return show_problem(str(exc))
    except SentBackError as exc:
        return exc.response
    return show_form(sandbox, asked)


def take_consent(sandbox: "Sandbox", request: Request) -> Response:
    """Send the person back with a code, or with the reason there is none."""
    pairs = read_form(request)
    try:
        asked = check_request(sandbox, pairs)
        if dict(pairs).get("action") != "connect":
            return asked.refuse("access_denied", "the user denied access").response
        company, person = _read_identity(pairs)
    except BadRequestError as exc:
        return show_problem(str(exc))
    except SentBackError as exc:
        return exc.response
    picked = _read_resources(sandbox, pairs, company)
    if not picked:
        message = f"Choose at least one base or workspace of {company.name}."
        return show_form(sandbox, asked, problem=message, chosen=person)
    code = _make_code(sandbox, asked, company, person, picked)
    return asked.send_back(
        code=code,
        code_challenge=asked.fields["code_challenge"],
        code_challenge_method="S256",
    )


def _make_code(
    sandbox: "Sandbox",
    asked: Asked,
    company: Company,
    person: Person,
    picked: list[str],
) -> str:
    code = secrets.token_urlsafe(32)
    life = sandbox.switches.get(SLUG, "code_seconds", company.id)
    with sandbox.storage.write() as connection:
        grants.add_code(
            connection,
            value=code,
            provider=SLUG,
            account=company.id,
            user=person.id,
            scopes=" ".join(asked.scopes),
            redirect_uri=asked.redirect_uri,
            challenge=asked.fields["code_challenge"],
            method="S256",
            expires_at=sandbox.clock() + life,
        )
        save_choice(connection, code, picked)
    return code


def _read_identity(pairs: Pairs) -> tuple[Company, Person]:
    company_id, _, person_id = dict(pairs).get("identity", "").partition(":")
    for company in COMPANIES:
        for person in company.people:
            if (company.id, person.id) == (company_id, person_id):
                return company, person
    raise BadRequestError("Choose who you are first.")


def _read_resources(sandbox: "Sandbox", pairs: Pairs, company: Company) -> list[str]:
    """Return what was picked in the person's own account; the rest is not theirs."""
    bases = sandbox.storage.all(
        "SELECT id FROM airtable_base WHERE account = ?", company.id
    )
    own = {row["id"] for row in bases} | {w.id for w in company.workspaces}
    return sorted(own & {name.removeprefix("use:") for name, _ in pairs})
