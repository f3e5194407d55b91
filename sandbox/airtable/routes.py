"""List the addresses the simulated Airtable answers, and their fault families."""

from sandbox.airtable.api.attachments import send_attachment
from sandbox.airtable.api.meta import show_bases, show_tables, show_whoami
from sandbox.airtable.api.records import list_records, show_record
from sandbox.airtable.consent import show_consent, take_consent
from sandbox.airtable.oauth import answer_token
from sandbox.core.web import Handler, Route


def _route(method: str, path: str, handler: Handler, families: str) -> Route:
    return Route(
        method=method, path=path, handler=handler, families=tuple(families.split())
    )


FILE = "/attachments/{expires}/{mark}/{size}/{id}/{name}"

ROUTES = (
    _route("GET", "/oauth2/v1/authorize", show_consent, "consent"),
    _route("POST", "/oauth2/v1/authorize", take_consent, "consent"),
    _route("POST", "/oauth2/v1/token", answer_token, "token oauth"),
    _route("GET", "/v0/meta/whoami", show_whoami, "api whoami"),
    _route("GET", "/v0/meta/bases", show_bases, "api bases"),
    _route("GET", "/v0/meta/bases/{base}/tables", show_tables, "api schema"),
    _route("GET", "/v0/{base}/{table}", list_records, "api list"),
    _route("POST", "/v0/{base}/{table}/listRecords", list_records, "api list"),
    _route("GET", "/v0/{base}/{table}/{record}", show_record, "api read"),
    _route("GET", FILE, send_attachment, "attachments"),
)
FAMILIES = tuple(sorted({name for route in ROUTES for name in route.families}))
