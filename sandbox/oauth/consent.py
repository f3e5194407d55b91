"""Say what is asked of a person, what they answer, and what the page offers them."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from sandbox.core.provider import Account, User
from sandbox.core.serving.web import Pairs


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An authorization request whose way back is known to be good."""

    redirect_uri: str
    fields: Mapping[str, str]

    @property
    def scopes(self) -> list[str]:
        return self.fields.get("scope", "").split()

    @property
    def optional_scopes(self) -> list[str]:
        optional = self.fields.get("optional_scope", "").split()
        return [s for s in dict.fromkeys(optional) if s not in self.scopes]


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What a person answered on the consent page."""

    asked: Asked
    account: Account
    user: User
    pairs: Pairs


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a code stands for: the scopes, and a choice of the provider's own."""

    scopes: Sequence[str] = ()
    choice: str = ""


class ProblemError(Exception):
    """A mistake that is told on the provider's own page; nothing is sent back."""


class SentBackError(Exception):
    """A mistake that the person carries back to the app."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error, description)
        self.fields = {"error": error}
        if description:
            self.fields["error_description"] = description


class AskAgainError(Exception):
    """An answer that shows the consent page once more."""


@dataclass(frozen=True)
class Option:
    """One thing that can be ticked on the consent page."""

    name: str
    title: str
    _: KW_ONLY
    note: str = ""
    icon: str = ""
    is_ticked: bool = False


# A title, if there is any, and what can be ticked below it.
Options = tuple[str, Sequence[Option]]


@dataclass(frozen=True, kw_only=True)
class ConsentPage:
    """What the consent page says; `more` is a template of the provider's own."""

    title: str = "Connect an app to your account"
    lead: str = "Choose the account, and who you are in it."
    allow: str = "connect"
    allow_label: str = "Connect app"
    denied: str = "the user denied access"
    scope_words: Mapping[str, str] = field(default_factory=dict)
    pick_note: str = ""
    more: str = ""
