"""Panel on the admin's first page: how the site is, with a list behind each number."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from msgspec import Struct

from integrations.services.upkeep import overview
from integrations.services.upkeep.checks.check import Severity
from integrations.services.upkeep.figures import Figure

APPS = {"periodictask": "django_celery_beat"}
# The colours of the stock admin's own messages, so that dark mode has them too.
TONE_CLASSES = {"warn": "warning", "bad": "error"}


class ShownFigure(Struct, frozen=True, kw_only=True):
    """A figure with the address of its list, and the colour that it is shown in."""

    label: str
    text: str
    url: str
    css: str


def panel_of(request: HttpRequest) -> dict[str, Any] | None:
    """Return what the panel shows, nothing to staff who may not see connections."""
    if not request.user.has_perm("integrations.view_connection"):
        return None
    found = overview.take()
    return {
        "failed": [
            {
                "id": check.id,
                "title": check.title,
                "found": result.found,
                "advice": check.advice,
                "runbook": check.runbook,
                "css": "error" if check.severity is Severity.ERROR else "warning",
            }
            for check, result in found.failed
        ],
        "passed": found.passed,
        "note": found.note,
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "figures": [_shown(f) for f in section.figures if not _is_idle(f)],
            }
            for section in found.sections
        ],
    }


def _is_idle(figure: Figure) -> bool:
    """Tell whether a figure of one provider is none; the total says that as well."""
    return figure.value == 0 and "provider" in figure.where


def _shown(figure: Figure) -> ShownFigure:
    return ShownFigure(
        label=figure.label,
        text=figure.text,
        url=_address(figure),
        css=TONE_CLASSES.get(figure.tone, ""),
    )


def _address(figure: Figure) -> str:
    """Return where the rows are that a figure counts; a page of the provider's own."""
    if not figure.rows or figure.rows.startswith("https:"):
        return figure.rows
    app = APPS.get(figure.rows, "integrations")
    address = reverse(f"admin:{app}_{figure.rows}_changelist")
    return f"{address}?{urlencode(figure.where)}" if figure.where else address
