"""What a connector says of writing: fields of a form, reasons of a refusal."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct, field

from integrations.http.errors import ApiError

# A value as a form takes it: text, or the values of several options. Numbers are
# decimal, dates ISO, times ISO in UTC, booleans "true" and "false"; empty is no value.
FormValue = str | tuple[str, ...]
# Values in the provider's own form, by the names of their fields.
RawValues = Mapping[str, Any]
# The unit of a number that people may write in percent.
SHARE_OF_ONE: Final = "share of one"


class Input(StrEnum):
    """How a value is typed in."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    CHOICES = "choices"
    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"


class Refusal(StrEnum):
    """Why a provider refuses a value."""

    UNKNOWN_FIELD = "unknown_field"
    READ_ONLY = "read_only"
    INVALID_OPTION = "invalid_option"
    INVALID_EMAIL = "invalid_email"
    INVALID_NUMBER = "invalid_number"
    INVALID_DATE = "invalid_date"
    INVALID = "invalid"
    REQUIRED = "required"
    TAKEN = "taken"


class WritableField(Struct, frozen=True, kw_only=True):
    """One field of a form.

    ``options`` are those that are offered; a value that is not among them may be kept,
    and is called as ``former`` says, if it was one once.
    ``aliases`` are other texts by which people know an option, such as an address.
    ``unit`` is what a number counts, ``description`` what the field is for. A column
    whose heading contains ``heading_part``, in small letters, is probably this field.
    The identity is what no two items have alike: nothing is created without one, or it
    could be created twice.
    """

    name: str
    label: str
    input: Input = Input.TEXT
    options: Mapping[str, str] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    unit: str = ""
    description: str = ""
    is_identity: bool = False
    heading_part: str = ""


class Written(Struct, frozen=True, kw_only=True):
    """What a provider answered to a write: the item's id, and values as it keeps them.

    Of the values there are at least those that were sent. ``updated_at`` is when the
    provider says that it was changed, None where it does not say so.
    """

    remote_id: str
    values: RawValues
    updated_at: datetime | None = None


class WrittenMany(Struct, frozen=True, kw_only=True):
    """What a provider answered to a write of many items: by their ids, or their keys.

    What is in neither has to be looked for: nobody knows whether it was written.
    """

    written: Mapping[str, Written]
    refused: Mapping[str, ApiError]
