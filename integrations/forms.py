"""Check the few values a user may set on a connection."""

from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms

from integrations.models import NoticeKind, NoticeSettings, OwnColumn, Preferences
from integrations.models.accounts.preferences import zone_names
from integrations.services.items.downloads.asked import Content
from integrations.services.items.downloads.formats import FORMATS

INTERVALS = {
    5: "Every 5 minutes",
    15: "Every 15 minutes",
    30: "Every 30 minutes",
    60: "Every hour",
    180: "Every 3 hours",
    360: "Every 6 hours",
    720: "Every 12 hours",
    1440: "Once a day",
    2880: "Every 2 days",
    4320: "Every 3 days",
    10080: "Once a week",
    20160: "Every 2 weeks",
    43200: "Every 30 days",
}
FULL_REFRESHES = {
    24: "Once a day",
    72: "Every 3 days",
    168: "Once a week",
    336: "Every 2 weeks",
    720: "Every 30 days",
}
WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
KEEP, DELETE, DISCARD = "keep", "delete", "discard"
# The world's zones by their places; other names are older ones of the same.
REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def zone_choices(browser: ZoneInfo | None) -> list[tuple[str, Any]]:
    """Return the time zones to choose from, those of a region together."""
    told = browser.key if browser else "which has told none, so UTC"
    regions: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(zone_names()):
        region, _, place = name.partition("/")
        if place and region in regions:
            text = place.replace("_", " ").replace("/", ", ")
            regions[region].append((name, text))
    return [
        ("", f"As my browser ({told})"),
        ("UTC", "UTC"),
        *((region, zones) for region, zones in regions.items() if zones),
    ]


class TimeZoneForm(forms.Form):
    """Take the time zone of an account; empty means the browser's."""

    time_zone = forms.ChoiceField(label="Time zone", required=False)

    def __init__(self, *args: Any, browser: ZoneInfo | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ChoiceField", self.fields["time_zone"])
        field.choices = zone_choices(browser)


class KeyboardForm(forms.ModelForm):
    """Take whether single keys do something."""

    class Meta:
        model = Preferences
        fields = ("has_shortcuts",)


class NoticeForm(forms.ModelForm):
    """Take what a user is mailed of, and the hours without mail."""

    class Meta:
        model = NoticeSettings
        fields = ("is_mailed", *NoticeKind.values, "quiet_from", "quiet_until")
        widgets = {
            name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            for name in ("quiet_from", "quiet_until")
        }
        help_texts = {
            "is_mailed": "Without it, none of these is mailed.",
            "quiet_until": "What comes up in quiet hours is mailed at their end.",
        }

    def clean(self) -> dict[str, Any] | None:
        """Take both ends of the quiet hours, or neither."""
        found = super().clean() or {}
        ends = [found.get("quiet_from"), found.get("quiet_until")]
        if not self.errors and ends.count(None) == 1:
            text = "Give both ends of the quiet hours, or neither."
            self.add_error("quiet_until", forms.ValidationError(text, code="one_end"))
        return found


class DigestForm(forms.ModelForm):
    """Take how often the digest of what a user follows is mailed, and when."""

    digest_hour = forms.TypedChoiceField(
        label="At",
        choices=[(hour, f"{hour:02d}:00") for hour in range(24)],
        coerce=int,
    )
    digest_weekday = forms.TypedChoiceField(
        label="On",
        choices=list(enumerate(WEEKDAYS)),
        coerce=int,
        help_text="The day of a weekly digest.",
    )

    class Meta:
        model = NoticeSettings
        fields = ("digest", "digest_hour", "digest_weekday")
        labels = {"digest": "How often"}


class RenameForm(forms.Form):
    """Take a user's own name for a connection; empty means the account's."""

    label = forms.CharField(max_length=120, required=False)


class ViewNameForm(forms.Form):
    """Take the name of a saved view."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SavedViewForm(ViewNameForm):
    """Take the name of a saved view, and what else is chosen for it."""

    is_default = forms.BooleanField(
        label="Open the list with this view",
        required=False,
        help_text="Each list can open with one view. All items stay one click away.",
    )
    is_shared = forms.BooleanField(
        label="Share it by a link",
        required=False,
        help_text=(
            "Whoever is signed in here and has the link sees their own items through"
            " it, never yours. They can read its name, its filters and the names of"
            " its columns."
        ),
    )


class OwnColumnForm(forms.Form):
    """Take a column of the user's own."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label="Type", choices=OwnColumn.Kind.choices)
    added = forms.CharField(
        label="Choices",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One in each line. Only a column of choices has them.",
    )


class IntervalForm(forms.Form):
    """Take how often to look for changes, and to read everything; empty is as usual."""

    minutes = forms.TypedChoiceField(choices=list(INTERVALS.items()), coerce=int)
    hours = forms.TypedChoiceField(
        choices=list(FULL_REFRESHES.items()),
        coerce=int,
        required=False,
        empty_value=None,
    )


class FormatForm(forms.Form):
    """Take the format of a file."""

    form = forms.ChoiceField(
        label="Format",
        choices=[(name, each.label) for name, each in FORMATS.items()],
    )


class DownloadForm(FormatForm):
    """Take how a list is written to a file."""

    values = forms.ChoiceField(
        label="Values",
        choices=[
            (Content.SHOWN, "As they are shown here"),
            (Content.RAW, "As the provider writes them"),
        ],
    )


class TableDownloadForm(FormatForm):
    """Take how a table is written to a file; as it is shown unless that is chosen."""

    values = forms.ChoiceField(
        label="Columns",
        required=False,
        choices=[
            (Content.SHOWN, "Those of this table, as they are shown"),
            (Content.ALL, "All columns, as they would be shown"),
            (Content.RAW, "All properties, as the provider writes them"),
        ],
    )


class WaitingEditsForm(forms.Form):
    """Take what becomes of changes that wait to be sent, if there are any."""

    edits = forms.ChoiceField(
        choices=[(KEEP, "Keep the changes"), (DISCARD, "Discard the changes")],
        error_messages={
            "required": "Choose what happens to the waiting changes.",
            "invalid_choice": "Choose what happens to the waiting changes.",
        },
    )

    def __init__(self, *args: Any, waiting: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = waiting
        self.fields["edits"].required = waiting > 0


class DisconnectForm(WaitingEditsForm):
    """Take what becomes of the stored items, and of changes that wait."""

    items = forms.ChoiceField(
        choices=[(KEEP, "Keep the items"), (DELETE, "Delete the items")],
        error_messages={
            "required": "Choose what happens to the items.",
            "invalid_choice": "Choose what happens to the items.",
        },
    )
    uninstall = forms.BooleanField(required=False)


class DeleteAccountForm(forms.Form):
    """Take the user's own address as the sign that they mean it."""

    address = forms.CharField(
        label="Your e-mail address",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_address(self) -> str:
        """Compare without case, as mail does."""
        typed = str(self.cleaned_data["address"])
        if typed.casefold() != self.expected.casefold():
            raise forms.ValidationError("This is not the address of this account.")
        return typed
