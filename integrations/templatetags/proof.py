"""Template tag for why users are asked once more who they are."""

from typing import Final

from django import template
from django.urls import Resolver404, resolve

register = template.Library()

# By the page that asked, the first that its name begins with.
DELETING: Final = "Deleting for good needs a fresh proof."
REASONS: Final = (
    ("admin:", "administration", "Administration needs a fresh proof."),
    ("integrations:account-delete", "delete_account", DELETING),
    ("integrations:connection-remove", "delete_items", DELETING),
    ("integrations:connection-disconnect", "delete_items", DELETING),
    ("integrations:own-column-delete", "delete_column", DELETING),
    ("account_email", "email", "Changing your email address needs a fresh proof."),
    ("mfa_", "second_step", "Changing or seeing how you sign in needs a fresh proof."),
)
ANY: Final = {
    "code": "other",
    "text": "We ask once more, so that nobody else can do this in your place.",
}


@register.simple_tag
def proof_reason(path: str | None) -> dict[str, str]:
    """Return why the page at a path asks once more, by a code and in words."""
    try:
        name = resolve((path or "").partition("?")[0]).view_name
    except Resolver404:
        return ANY
    found = (
        {"code": code, "text": text}
        for begin, code, text in REASONS
        if name.startswith(begin)
    )
    return next(found, ANY)
