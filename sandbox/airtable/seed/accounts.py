"""List the simulated accounts: workspaces with their plans, and the people in them."""

from dataclasses import dataclass

from sandbox.core.data import load
from sandbox.core.provider import Account, User

SLUG = "airtable"
SCOPES = "data.records:read schema.bases:read user.email:read webhook:manage"
RECORDS_READ, SCHEMA_READ = "data.records:read", "schema.bases:read"
EMAIL_READ = "user.email:read"
FREE, TEAM = "Free", "Team"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One workspace; its plan says how many calls a month it has."""

    id: str
    name: str
    plan: str


@dataclass(frozen=True, kw_only=True)
class Company(Account):
    """The people who work together and the workspaces they share."""

    workspaces: tuple[Workspace, ...]


COMPANIES = tuple(
    Company.read(row, workspaces=tuple(Workspace(**one) for one in row["workspaces"]))
    for row in load(__package__, "accounts")
)
PEOPLE = {user.id: user for company in COMPANIES for user in company.people}
WORKSPACES = {w.id: w for company in COMPANIES for w in company.workspaces}


def show_person(user: User) -> dict[str, str]:
    return {"id": user.id, "email": user.email, "name": user.name}
