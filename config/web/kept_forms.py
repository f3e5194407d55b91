"""Forms that came without a session: a page keeps what was typed, for its sender.

Nothing of it is stored here. The answer holds the fields, and sends them to the same
address when somebody presses its button; whoever has signed in meanwhile sees first
what they are about to send.
"""

from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.csrf import csrf_failure as plain_csrf_failure

from integrations.http.observability.steering import ON_PAGES
from integrations.templatetags.form_sender import SENDER, TOKEN, is_sender

Fields = list[tuple[str, str]]

# Forms of allauth and the administration may hold passwords and codes.
OURS: Final = "integrations"
# What ends something is decided anew, on the page that says what is lost.
DECIDED_ANEW: Final = (
    *("-delete", "-disconnect", "-remove", "-archive"),
    *("-approve", "-other-account", "-collections", "-feed"),
)
# What pages put into their forms by themselves.
UNTYPED: Final = frozenset(
    {TOKEN, SENDER, "key", "base", "back", "shown", "shown_at", "next", "on"}
    | {"connection", "seen", "full"}
)
MOST_CHARACTERS: Final = 1_000_000
REFUSED: Final = 403


def sent_fields(request: HttpRequest) -> Fields | None:
    """Return all that a form of ours sent, but its token; None if it cannot be kept.

    A file is in no field, and a form without it would be another one. Characters that
    no page carries as they are would come back as others.
    """
    match = request.resolver_match
    is_ours = match is not None and match.app_name == OURS
    if request.method != "POST" or not is_ours or request.FILES:
        return None
    fields = [(name, value) for name, sent in request.POST.lists() for value in sent]
    if any(ON_PAGES.search(value.replace("\r\n", "\n")) for _, value in fields):
        return None
    return [(name, value) for name, value in fields if name != TOKEN]


def kept_page(request: HttpRequest) -> HttpResponse | None:
    """Return the page that keeps what was typed; None if there is nothing to keep."""
    fields = _typed_fields(request)
    sender = request.POST.get(SENDER, "") if fields else ""
    if not sender or not is_own_page(request):
        return None
    user: Any = getattr(request, "user", AnonymousUser())
    state = "signed_out"
    if user.is_authenticated:
        state = "same" if is_sender(user, sender) else "other"
    context: dict[str, Any] = {"state": state, "path": request.get_full_path()}
    if state != "other":
        context |= {"fields": fields, "csrf_token": get_token(request)}
    if state == "same":
        context |= {"account": user.email, "typed": _in_words(request)}
    return render(request, "kept_form.html", context, status=REFUSED)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form without a valid token; one of our own pages loses nothing."""
    return kept_page(request) or plain_csrf_failure(request, reason)


def is_own_page(request: HttpRequest) -> bool:
    """Tell whether the browser says that a page of this very site sent a request.

    Another site could else have its own text kept here, one click from being stored.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    own = {*settings.CSRF_TRUSTED_ORIGINS, f"{request.scheme}://{request.get_host()}"}
    return request.headers.get("Origin") in own


def _typed_fields(request: HttpRequest) -> Fields | None:
    """Return what is to be kept; None if nobody typed or chose anything."""
    fields = sent_fields(request)
    match = request.resolver_match
    if not fields or (match and (match.url_name or "").endswith(DECIDED_ANEW)):
        return None
    is_small = sum(len(name) + len(value) for name, value in fields) <= MOST_CHARACTERS
    is_typed = any(name not in UNTYPED for name, _ in fields)
    return fields if is_small and is_typed else None


def _in_words(request: HttpRequest) -> Fields:
    """Return names and values of what was typed, as they are shown to its sender."""
    return [
        (name.removeprefix("p.").replace("_", " "), ", ".join(filter(None, values)))
        for name, values in request.POST.lists()
        if name not in UNTYPED and any(values)
    ]
