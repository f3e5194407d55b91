"""List the three kinds of CRM records that are read, and how they differ."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from integrations.http.errors import NotFound
from integrations.providers.kinds import Role

# Asked for whatever the portal's schema says: identity and merges hang on them.
SYSTEM_PROPERTIES = ("hs_object_id", "createdate", "hs_merged_object_ids")
# What HubSpot writes into a record whenever anything else is.
BOOKKEEPING = ("lastmodifieddate", "hs_lastmodifieddate")


class Association(Struct, frozen=True, kw_only=True, dict=True):
    """Records that a record is associated with.

    A pair can carry several types at once. ``name`` is that of the ordinary type in
    lists, or of the primary one where there is one, whose id is ``primary_id``: such a
    record is shown first on HubSpot's own pages. Any other is a label.
    """

    to: str
    scope: str
    name: str
    primary_id: int = 0

    @cached_property
    def primary_type(self) -> str:
        """Return what marks the primary record in lists, if anything."""
        return self.name if self.primary_id else ""

    @cached_property
    def plain_types(self) -> tuple[str, str]:
        """Return the types in lists that are no labels."""
        return self.name, f"{self.name}_unlabeled"


class ObjectType(Struct, frozen=True, kw_only=True):
    """Describe one object type: its names, its scope and its odd ends.

    ``modified`` matters: filtering by the other types' property matches nothing
    and says so to nobody. ``columns`` are those of HubSpot's own lists at first,
    properties and associations. ``naming`` is the property that alone is the name,
    ``named_by`` are all that a name may be made of,
    and ``roles`` say which ones tell what records of other providers tell as well.
    """

    remote_id: str
    name: str
    item_type: str
    type_id: str
    scope: str
    modified: str
    leading: tuple[str, ...]
    columns: tuple[str, ...]
    associations: tuple[Association, ...] = ()
    naming: str | None = None
    named_by: tuple[str, ...]
    roles: Mapping[Role, str] = field(default_factory=dict)

    def associations_for(self, scopes: object) -> tuple[Association, ...]:
        """Return the associations that the granted scopes allow to be read."""
        if not isinstance(scopes, list | tuple):
            return self.associations
        return tuple(a for a in self.associations if a.scope in scopes)


CONTACTS_READ = "crm.objects.contacts.read"
CONTACTS_WRITE = "crm.objects.contacts.write"
COMPANIES_READ = "crm.objects.companies.read"
DEALS_READ = "crm.objects.deals.read"
OWNERS_READ = "crm.objects.owners.read"

CONTACTS = ObjectType(
    remote_id="contacts",
    name="Contacts",
    item_type="contact",
    type_id="0-1",
    scope=CONTACTS_READ,
    modified="lastmodifieddate",
    named_by=("firstname", "lastname", "email", "company"),
    roles={
        Role.EMAIL: "email",
        Role.PHONE: "phone",
        Role.WEBSITE: "website",
        Role.COMPANY: "company",
    },
    leading=(
        "firstname",
        "lastname",
        "email",
        "phone",
        "mobilephone",
        "company",
        "jobtitle",
        "lifecyclestage",
        "hs_lead_status",
        "hubspot_owner_id",
        "website",
        "address",
        "city",
        "state",
        "zip",
        "country",
    ),
    # The written name of a company is the last: lists that show its record, where that
    # may be read, have no room for it.
    columns=(
        "email",
        "phone",
        "associations.companies",
        "hubspot_owner_id",
        "lifecyclestage",
        "hs_lead_status",
        "company",
    ),
    associations=(
        Association(
            to="companies",
            scope=COMPANIES_READ,
            name="contact_to_company",
            primary_id=1,
        ),
    ),
)
COMPANIES = ObjectType(
    remote_id="companies",
    name="Companies",
    item_type="company",
    type_id="0-2",
    scope=COMPANIES_READ,
    modified="hs_lastmodifieddate",
    naming="name",
    named_by=("name", "domain"),
    roles={Role.PHONE: "phone", Role.WEBSITE: "domain", Role.COMPANY: "name"},
    leading=(
        "name",
        "domain",
        "industry",
        "phone",
        "website",
        "lifecyclestage",
        "hubspot_owner_id",
        "numberofemployees",
        "annualrevenue",
        "description",
        "address",
        "city",
        "state",
        "zip",
        "country",
    ),
    columns=(
        "domain",
        "industry",
        "phone",
        "hubspot_owner_id",
        "lifecyclestage",
    ),
)
DEALS = ObjectType(
    remote_id="deals",
    name="Deals",
    item_type="deal",
    type_id="0-3",
    scope=DEALS_READ,
    modified="hs_lastmodifieddate",
    naming="dealname",
    named_by=("dealname",),
    leading=(
        "dealname",
        "amount",
        "deal_currency_code",
        "dealstage",
        "pipeline",
        "closedate",
        "dealtype",
        "hubspot_owner_id",
        "hs_priority",
        "description",
    ),
    columns=(
        "amount",
        "dealstage",
        "hubspot_owner_id",
        "closedate",
    ),
    associations=(
        Association(
            to="companies",
            scope=COMPANIES_READ,
            name="deal_to_company",
            primary_id=5,
        ),
        Association(to="contacts", scope=CONTACTS_READ, name="deal_to_contact"),
    ),
)
OBJECT_TYPES = {kind.remote_id: kind for kind in (CONTACTS, COMPANIES, DEALS)}


def leading_columns(item_type: str) -> Sequence[str]:
    """Return the columns of HubSpot's own list of a type, none for an unknown one."""
    kind = _of_type(item_type)
    return kind.columns if kind else ()


def naming_property(item_type: str) -> str | None:
    """Return the property that alone is the name of records of a type, if any is."""
    kind = _of_type(item_type)
    return kind.naming if kind else None


def naming_parts(item_type: str) -> Sequence[str]:
    """Return the properties that names of records of a type are made of."""
    kind = _of_type(item_type)
    return kind.named_by if kind else ()


def field_roles(item_type: str) -> Mapping[Role, str]:
    """Return the properties of a type of records that have a role."""
    kind = _of_type(item_type)
    return kind.roles if kind else {}


def _of_type(item_type: str) -> ObjectType | None:
    kinds = (kind for kind in OBJECT_TYPES.values() if kind.item_type == item_type)
    return next(kinds, None)


def get_object_type(remote_id: str) -> ObjectType:
    """Return the object type a collection is of."""
    try:
        return OBJECT_TYPES[remote_id]
    except KeyError as exc:
        raise NotFound(f"HubSpot has no collection {remote_id!r} here") from exc
