"""List the properties of contacts, companies and deals."""

from sandbox.hubspot.seed.definition import Definition, Options

LIFECYCLE: Options = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
)
LEAD_STATUS: Options = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("UNQUALIFIED", "Unqualified"),
)
TOPICS: Options = (
    ("product", "Product news"),
    ("events", "Events & <workshops>"),
    ("pricing", "Pricing"),
    ("jobs", "Jobs"),
)
INDUSTRIES: Options = (
    ("COMPUTER_SOFTWARE", "Computer Software"),
    ("CONSTRUCTION", "Construction"),
    ("FURNITURE", "Furniture"),
    ("HOSPITAL_HEALTH_CARE", "Hospital & Health Care"),
    ("WHOLESALE", "Wholesale"),
)
DEAL_TYPES: Options = (
    ("newbusiness", "New Business"),
    ("existingbusiness", "Existing Business"),
)


def _text(*names: tuple[str, str]) -> list[Definition]:
    return [Definition(name=name, label=label) for name, label in names]


def _area(name: str, label: str) -> Definition:
    return Definition(name=name, label=label, field="textarea", is_custom=True)


def _pick(name: str, label: str, options: Options, field: str = "select") -> Definition:
    return Definition(
        name=name, label=label, type="enumeration", field=field, options=options
    )


def _system(modified: str) -> list[Definition]:
    return [
        *[
            Definition(
                name=name, label=label, type="datetime", field="date", is_read_only=True
            )
            for name, label in (
                ("createdate", "Create Date"),
                (modified, "Last Modified Date"),
            )
        ],
        Definition(
            name="hs_object_id",
            label="Record ID",
            type="number",
            field="number",
            is_read_only=True,
        ),
        Definition(
            name="hs_merged_object_ids",
            label="Merged record IDs",
            type="enumeration",
            field="checkbox",
            is_read_only=True,
        ),
        Definition(
            name="hubspot_owner_id",
            label="Owner",
            type="enumeration",
            field="select",
            is_external=True,
        ),
    ]


CONTACT_PROPERTIES = [
    *_text(("email", "Email"), ("firstname", "First Name"), ("lastname", "Last Name")),
    *_text(("jobtitle", "Job Title"), ("company", "Company Name")),
    *_text(("website", "Website URL"), ("address", "Street Address")),
    *_text(("city", "City"), ("state", "State/Region"), ("zip", "Postal Code")),
    *_text(("country", "Country/Region")),
    Definition(
        name="phone", label="Phone Number", type="phone_number", field="phonenumber"
    ),
    _pick("lifecyclestage", "Lifecycle Stage", LIFECYCLE, "radio"),
    _pick("hs_lead_status", "Lead Status", LEAD_STATUS, "radio"),
    Definition(
        name="newsletter_topics",
        label="Newsletter topics",
        type="enumeration",
        field="checkbox",
        options=TOPICS,
        is_custom=True,
    ),
    Definition(
        name="renewal_date",
        label="Renewal date",
        type="date",
        field="date",
        is_custom=True,
    ),
    Definition(
        name="loyalty_score",
        label="Loyalty score",
        type="number",
        field="number",
        is_custom=True,
    ),
    Definition(
        name="is_vip", label="VIP", type="bool", field="booleancheckbox", is_custom=True
    ),
    Definition(name="crm_key", label="CRM key", is_unique=True, is_custom=True),
    _area("visit_notes", "Visit notes"),
    Definition(
        name="num_associated_deals",
        label="Number of Associated Deals",
        type="number",
        field="number",
        is_read_only=True,
        is_calculated=True,
    ),
    Definition(
        name="hs_additional_emails",
        label="Additional email addresses",
        type="enumeration",
        field="checkbox",
    ),
    Definition(
        name="national_id",
        label="National ID",
        is_custom=True,
        sensitivity="sensitive",
    ),
    Definition(name="fax_old", label="Fax (old)", is_custom=True, is_archived=True),
    *_system("lastmodifieddate"),
]
COMPANY_PROPERTIES = [
    *_text(("name", "Company name"), ("domain", "Company Domain Name")),
    *_text(("website", "Website URL"), ("city", "City"), ("country", "Country/Region")),
    Definition(
        name="phone", label="Phone Number", type="phone_number", field="phonenumber"
    ),
    _pick("industry", "Industry", INDUSTRIES),
    _pick("lifecyclestage", "Lifecycle Stage", LIFECYCLE, "radio"),
    *[
        Definition(name=name, label=label, type="number", field="number")
        for name, label in (
            ("numberofemployees", "Number of Employees"),
            ("annualrevenue", "Annual Revenue"),
        )
    ],
    Definition(name="description", label="Description", field="textarea"),
    *_system("hs_lastmodifieddate"),
]
DEAL_PROPERTIES = [
    *_text(("dealname", "Deal Name")),
    Definition(name="amount", label="Amount", type="number", field="number"),
    Definition(name="closedate", label="Close Date", type="datetime", field="date"),
    Definition(
        name="pipeline",
        label="Pipeline",
        type="enumeration",
        field="select",
        is_external=True,
    ),
    Definition(
        name="dealstage",
        label="Deal Stage",
        type="enumeration",
        field="radio",
        is_external=True,
    ),
    _pick("dealtype", "Deal Type", DEAL_TYPES, "radio"),
    Definition(name="deal_currency_code", label="Currency"),
    Definition(name="description", label="Deal Description", field="textarea"),
    Definition(
        name="hs_is_closed_won",
        label="Is Closed Won",
        type="bool",
        field="calculation_equation",
        is_read_only=True,
        is_calculated=True,
    ),
    *_system("hs_lastmodifieddate"),
]
