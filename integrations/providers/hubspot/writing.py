"""Write contacts: what can be typed in, and the calls that create, change, archive."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    QuotaExhausted,
)
from integrations.http.responses.shape import expect_nothing, expect_object
from integrations.http.sending import urls
from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.listing.lookups import DEACTIVATED
from integrations.providers.hubspot.listing.records import ID_ONLY, Reader
from integrations.providers.hubspot.mapping.display import (
    OWNER_EMAILS,
    from_milliseconds,
)
from integrations.providers.hubspot.objects import CONTACTS, CONTACTS_WRITE
from integrations.providers.listing import id_of
from integrations.providers.records import FieldSpec, IntegrationItem, read_fields
from integrations.providers.typed.fields import CURRENCY_PROPERTY
from integrations.providers.typed.values import to_day, to_id, to_time
from integrations.providers.writing import (
    SHARE_OF_ONE,
    FormValue,
    Input,
    RawValues,
    WritableField,
    Written,
)

WRITE_SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    CONTACTS.remote_id: (CONTACTS_WRITE,)
}
# No two contacts have one address: by it a contact is found at once, which by its
# names it is not, because search lags.
IDENTITY: Final = "email"
IDENTITY_HEADING: Final = "mail"
ID_HEADINGS: Final = frozenset({"id", "recordid", "recordidcontact", "hsobjectid"})
# Further addresses find a contact as well, and no other one may have them.
MORE_IDENTITIES: Final = "hs_additional_emails"
# It only moves forward; going back takes clearing it first.
# https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide
STAGE: Final = "lifecyclestage"
_INPUTS: Final[Mapping[str, Input]] = {
    "text": Input.TEXT,
    "emails": Input.TEXT,
    "html": Input.LONG_TEXT,
    "number": Input.NUMBER,
    "percent": Input.NUMBER,
    "money": Input.NUMBER,
    "duration": Input.NUMBER,
    "boolean": Input.BOOLEAN,
    "date": Input.DATE,
    "datetime": Input.DATETIME,
    "choice": Input.CHOICE,
    "choices": Input.CHOICES,
    "user": Input.CHOICE,
    "person": Input.CHOICE,
    "email": Input.EMAIL,
    "phone": Input.PHONE,
    # An address may stand there without its scheme, which no browser takes for one.
    "domain": Input.TEXT,
    "link": Input.TEXT,
}
_UNITS: Final = {"percent": SHARE_OF_ONE, "duration": "milliseconds"}
BOOLEANS: Final = {"true": "Yes", "false": "No"}


def writable_fields(collection: CollectionContext) -> list[WritableField]:
    """Return the properties that people may write, in the order they are shown."""
    if collection.remote_id not in WRITE_SCOPES:
        return []
    return [
        _to_writable(spec, collection)
        for spec in read_fields(collection.schema)
        if spec.kind in _INPUTS and not spec.is_hidden and not spec.is_read_only
    ]


def _to_writable(spec: FieldSpec, collection: CollectionContext) -> WritableField:
    taken = _INPUTS[spec.kind]
    if taken is Input.TEXT and spec.is_long:
        taken = Input.LONG_TEXT
    return WritableField(
        name=spec.name,
        label=spec.label,
        input=taken,
        options=_options(spec, collection),
        former=_former(spec, collection),
        aliases=_aliases(spec, collection),
        group=spec.group,
        unit=_UNITS.get(spec.kind, ""),
        description=spec.description,
        is_identity=spec.name == IDENTITY,
        heading_part=IDENTITY_HEADING if spec.name == IDENTITY else "",
    )


def _options(spec: FieldSpec, collection: CollectionContext) -> Mapping[str, str]:
    if spec.kind in ("user", "person"):
        names = _owners(collection)
        return {key: name for key, name in names.items() if DEACTIVATED not in name}
    if spec.kind == "boolean":
        return {key: spec.options.get(key) or word for key, word in BOOLEANS.items()}
    retired = {*spec.retired, CURRENCY_PROPERTY}
    return {key: name for key, name in spec.options.items() if key not in retired}


def _former(spec: FieldSpec, collection: CollectionContext) -> Mapping[str, str]:
    """Return what is known and not offered: owners who left, options of before."""
    is_user = spec.kind in ("user", "person")
    known = _owners(collection) if is_user else spec.options
    offered = _options(spec, collection)
    return {key: name for key, name in known.items() if key not in offered}


def _owners(collection: CollectionContext) -> Mapping[str, str]:
    return (collection.schema.get("lookups") or {}).get("owner") or {}


def _aliases(spec: FieldSpec, collection: CollectionContext) -> Mapping[str, str]:
    """Return the owners who are offered, by their addresses."""
    if spec.kind not in ("user", "person"):
        return {}
    emails = (collection.schema.get("lookups") or {}).get(OWNER_EMAILS) or {}
    offered = _options(spec, collection)
    return {email: key for key, email in emails.items() if key in offered}


def identities(values: RawValues) -> list[str]:
    """Return the addresses of a contact, without regard to case."""
    texts = (str(values.get(name) or "") for name in (IDENTITY, MORE_IDENTITIES))
    addresses = (each.strip() for text in texts for each in text.split(";"))
    return [each.casefold() for each in addresses if each]


def to_form(field: WritableField, value: Any) -> FormValue:
    """Return a value as a form shows it; one that is not understood as it is."""
    raw = "" if value is None else str(value)
    if field.input is Input.CHOICES:
        return tuple(filter(None, raw.split(";")))
    if field.input is Input.BOOLEAN:
        return raw.lower()
    if field.input in (Input.DATE, Input.DATETIME):
        at = _moment(raw)
        return _written(field, at) if at else raw
    return raw


def from_form(field: WritableField, value: FormValue) -> str:
    """Return what a form took as HubSpot takes it; an empty text clears a value."""
    if not isinstance(value, str):
        return ";".join(value)
    return value.strip() if field.input in (Input.EMAIL, Input.NUMBER) else value


def is_same(field: WritableField, one: Any, other: Any) -> bool:
    """Tell whether two values mean the same, as HubSpot writes some anew."""
    first, second = ("" if each is None else str(each) for each in (one, other))
    if first == second:
        return True
    key = _KEYS.get(field.input)
    return key is not None and key(first) == key(second)


def _number(raw: str) -> object:
    try:
        return Decimal(raw)
    except InvalidOperation:
        return raw


def _moment(raw: str) -> datetime | None:
    if (at := from_milliseconds(raw) or to_time(raw)) is not None:
        return at
    day = to_day(raw)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _written(field: WritableField, at: datetime) -> str:
    if field.input is Input.DATE:
        return at.date().isoformat()
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(raw: str) -> object:
    at = _moment(raw)
    return at.date() if at else raw


_KEYS: Final[Mapping[Input, Callable[[str], object]]] = {
    Input.NUMBER: _number,
    Input.DATE: _day,
    Input.DATETIME: lambda raw: _moment(raw) or raw,
    Input.EMAIL: str.casefold,
    Input.BOOLEAN: str.casefold,
    Input.CHOICES: lambda raw: frozenset(filter(None, raw.split(";"))),
}


def create(api: ApiClient, collection: CollectionContext, values: RawValues) -> Written:
    """Create a contact with the values that are not empty."""
    given = given_values(values)
    return to_written(api.post(path_of(collection), json={"properties": given}))


def given_values(values: RawValues) -> dict[str, Any]:
    """Return the values that are not empty."""
    return {name: value for name, value in values.items() if value not in ("", None)}


def update(
    api: ApiClient, collection: CollectionContext, remote_id: str, values: RawValues
) -> Written:
    """Change the values that are given, and no others."""
    path = path_of(collection, remote_id)
    written = to_written(api.patch(path, json={"properties": dict(values)}))
    stage = values.get(STAGE)
    if stage and written.values.get(STAGE) != stage:
        with after_writing(is_cleared=False):
            api.patch(path, json={"properties": {STAGE: ""}})
        with after_writing(is_cleared=True):
            written = to_written(api.patch(path, json={"properties": dict(values)}))
    return written


@contextmanager
def after_writing(*, is_cleared: bool) -> Iterator[None]:
    """Mark an error of a further call of one write: what is there has to be read.

    A refusal to clear the stage decides it, because the stage is as it was.
    """
    try:
        yield
    except ApiError as exc:
        is_refusal = isinstance(exc, InvalidRequest | NotFound)
        is_decided = is_refusal and not isinstance(exc, QuotaExhausted)
        exc.has_written = is_cleared or not is_decided
        raise


def is_halfway(name: str, value: Any) -> bool:
    """Tell whether a value is what a write leaves that has only cleared the stage."""
    return name == STAGE and value in ("", None)


def archive(api: ApiClient, collection: CollectionContext, remote_id: str) -> None:
    """Archive a contact; HubSpot keeps it for 90 days."""
    expect_nothing(api.delete(path_of(collection, remote_id)), "archive")


def find_existing(
    api: ApiClient, collection: CollectionContext, values: RawValues
) -> str | None:
    """Return the contact that has the address now, None where HubSpot knows none."""
    address = values.get(IDENTITY)
    if not address:
        return None
    params = {"idProperty": IDENTITY, "properties": ID_ONLY}
    try:
        row = api.get(path_of(collection, str(address)), params=params)
    except NotFound:
        return None
    # Nothing that names no contact says that there is none.
    return to_id(expect_object(row, "contact").get("id"))


def fetch_written(reader: Reader, remote_id: str) -> IntegrationItem | None:
    """Return a record as a sync reads it, links included, or the one it became."""
    found = _fetch_live(reader, remote_id)
    if found is not None:
        return found
    # A batch knows no record that was merged.
    row = reader.fetch_one(remote_id)
    if row is None:
        return None
    current = id_of(row)
    became = _fetch_live(reader, current) if current not in (None, remote_id) else None
    if became is None:
        raise InvalidResponse("the record that was written could not be read")
    return became


def _fetch_live(reader: Reader, remote_id: str) -> IntegrationItem | None:
    """Return a record that batches know by its id."""
    found = reader.map_batch(reader.fetch_batch([remote_id]), None)
    if found.unreadable or any(item.id != remote_id for item in found.mapped):
        raise InvalidResponse("the record that was written could not be read")
    return found.mapped[0] if found.mapped else None


def path_of(collection: CollectionContext, identity: str = "") -> str:
    """Return the address of a collection, or of one of its records."""
    path = f"/crm/objects/{collection.version}/{collection.remote_id}"
    return f"{path}/{urls.segment(identity)}" if identity else path


def to_written(answer: object) -> Written:
    """Return what a write of one record was answered with."""
    record = expect_object(answer, "record")
    values = expect_object(record.get("properties"), "properties")
    updated_at = to_time(record.get("updatedAt"))
    return Written(
        remote_id=to_id(record.get("id")), values=values, updated_at=updated_at
    )
