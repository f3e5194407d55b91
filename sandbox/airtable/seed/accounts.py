"""List the simulated accounts: workspaces with their plans, and the people in them."""

from dataclasses import dataclass

from sandbox.core.provider import Account, Person

SLUG = "airtable"
SCOPES = "data.records:read schema.bases:read user.email:read webhook:manage"
RECORDS_READ, SCHEMA_READ = "data.records:read", "schema.bases:read"
EMAIL_READ = "user.email:read"
FREE, TEAM, BUSINESS = "Free", "Team", "Business"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Describe one workspace; its plan says how many calls a month it has."""

    id: str
    name: str
    plan: str


@dataclass(frozen=True, kw_only=True)
class Company(Account):
    """Describe the people who work together and the workspaces they share."""

    domain: str
    workspaces: tuple[Workspace, ...]


ANA = Person(
    id="usrAnaMarinHarbor", name="Ana Marín", email="ana@harbour-and-vale.example"
)
BO = Person(
    id="usrBoLindqvistHrb", name="Bo Lindqvist", email="bo@harbour-and-vale.example"
)
CLEO = Person(
    id="usrCleoAbaraHarbr", name="Cleo Abara", email="cleo@harbour-and-vale.example"
)
JURGEN = Person(
    id="usrJurgenGrossNrd",
    name="Jürgen Groß",
    email="j.gross@nordlicht-moebel.example",
)
IDA = Person(
    id="usrIdaNeuNordlich", name="Ida Neu", email="ida@nordlicht-moebel.example"
)
MO = Person(id="usrMoKestrelStudi", name="Mo Kestrel", email="mo@kestrel.example")

TRADING = Workspace(id="wspHarbourTrading", name="Harbour & Vale", plan=TEAM)
HOBBIES = Workspace(id="wspHarbourHobbies", name="Warehouse corner", plan=FREE)
MOEBEL = Workspace(id="wspNordlichtMoebl", name="Nordlicht", plan=FREE)
STUDIO = Workspace(id="wspKestrelStudioX", name="Kestrel", plan=BUSINESS)

HARBOUR = Company(
    id="harbour",
    name="Harbour & Vale Trading",
    note="Large; a Team and a Free workspace",
    domain="harbour-and-vale.example",
    workspaces=(TRADING, HOBBIES),
    people=(ANA, BO, CLEO),
)
NORDLICHT = Company(
    id="nordlicht",
    name="Nordlicht Möbel GmbH",
    note="Small, Free plan; Ida is new and sees no base yet",
    domain="nordlicht-moebel.example",
    workspaces=(MOEBEL,),
    people=(JURGEN, IDA),
)
KESTREL = Company(
    id="kestrel",
    name="Kestrel Studio",
    note="Small, Business plan",
    domain="kestrel.example",
    workspaces=(STUDIO,),
    people=(MO,),
)
COMPANIES = (HARBOUR, NORDLICHT, KESTREL)
BY_ID = {company.id: company for company in COMPANIES}
PEOPLE = {person.id: person for company in COMPANIES for person in company.people}
WORKSPACES = {w.id: w for company in COMPANIES for w in company.workspaces}
