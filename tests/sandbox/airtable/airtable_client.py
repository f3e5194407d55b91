"""Authorize at the simulated Airtable and read its bases."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlencode

from tests.sandbox.wsgi_client import Answer, Client, make_authorization, make_basic

API, OAUTH = "/airtable/v0", "/airtable/oauth2/v1"
SCOPES = "data.records:read schema.bases:read user.email:read"
VERIFIER = "A" * 43
# The pair the documentation gives as an example of S256.
CHALLENGE = "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
ANA, BO, CLEO = (
    f"harbour:{user}"
    for user in ("usrAnaMarinHarbor", "usrBoLindqvistHrb", "usrCleoAbaraHarbr")
)
JURGEN, IDA = "nordlicht:usrJurgenGrossNrd", "nordlicht:usrIdaNeuNordlich"
MO = "kestrel:usrMoKestrelStudi"


def make_challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def get_error(answer: Answer) -> tuple[int, str]:
    """Return the status of an error, and its type out of either plain envelope."""
    error = answer.data["error"]
    return answer.status, error if isinstance(error, str) else error["type"]


class AirtableClient(Client):
    """Send requests to the simulated Airtable."""

    slug = "airtable"
    authorize, token = f"{OAUTH}/authorize", f"{OAUTH}/token"
    authorization = make_authorization("airtable", scope=SCOPES, **PKCE)
    identity = ANA
    choice = "use:"
    probe = f"{API}/meta/whoami"
    credentials = make_basic("sandbox-airtable", "sandbox-secret-airtable")
    app_fields = {}
    verifier = {"code_verifier": VERIFIER}

    def api(self, path: str, *pairs: tuple[str, str], **query: Any) -> Answer:
        fields = urlencode([*pairs, *query.items()])
        return self.call("GET", f"{API}{path}?{fields}" if fields else f"{API}{path}")

    def find_base(self, name: str = "Operations") -> str:
        bases = self.api("/meta/bases").data["bases"]
        return next(base["id"] for base in bases if base["name"] == name)

    def get_tables(self, base: str) -> list[dict[str, Any]]:
        return list(self.api(f"/meta/bases/{base}/tables").data["tables"])

    def find_table(self, table: str, base: str = "Operations") -> tuple[str, Any]:
        """Return the path of a table's records, and its schema."""
        base_id = self.find_base(base)
        found = next(t for t in self.get_tables(base_id) if t["name"] == table)
        return f"/{base_id}/{found['id']}", found

    def get_first(self, path: str) -> dict[str, Any]:
        return dict(self.api(path, pageSize=1).data["records"][0])

    def read(self, path: str, record: str) -> dict[str, Any]:
        """Return the fields of one record, found in its table."""
        found = self.api(path, filterByFormula=f'RECORD_ID()="{record}"').data
        return next((dict(each["fields"]) for each in found["records"]), {})

    def read_all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        records, offset = [], {}
        while True:
            page = self.api(path, **query, **offset).data
            records += page["records"]
            if "offset" not in page:
                return records
            offset = {"offset": page["offset"]}
            self.clock.now += 0.3
