"""Views of the OAuth flow: its start by POST, and its callback."""

import logging

from allauth.account.internal.decorators import login_not_required
from allauth.account.utils import perform_login
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from integrations.providers import SPECS
from integrations.services.common import audit
from integrations.services.connections import sign_in_methods
from integrations.services.connections.connect import has_place
from integrations.services.grants import oauth_state
from integrations.services.grants.oauth_state import Authorization, StateRefusedError
from integrations.signin import user_messages
from integrations.signin.answer import AuthorizationResponse
from integrations.signin.exchange import (
    ConsentKept,
    GrantFailed,
    IdentifiedGrant,
    accept,
    exchanged,
    persist,
)
from integrations.signin.outcome import messages_of
from integrations.signin.provider import ConnectForm, GrantProvider
from integrations.signin.session import nonce_of
from integrations.signin.user_messages import UserMessage
from integrations.views.access import get_connection_named

logger = logging.getLogger(__name__)


def _provider(request: HttpRequest, slug: str) -> GrantProvider:
    if slug not in SPECS:
        raise Http404("no such provider")
    provider: GrantProvider = get_adapter(request).get_provider(request, slug)
    return provider


def _may_sign_in(request: HttpRequest) -> bool:
    return bool(settings.PROVIDER_SIGN_IN) and not request.user.is_authenticated


@never_cache
@login_not_required
@require_POST
def authorize(request: HttpRequest, slug: str) -> HttpResponse:
    """Send a user to the provider for their consent."""
    provider = _provider(request, slug)
    if not request.user.is_authenticated and not _may_sign_in(request):
        return redirect("account_login")
    if not provider.settings.is_configured:
        return _back(request, user_messages.NOT_CONFIGURED, provider)
    form = ConnectForm(plan=request.POST.get("plan", "")[:40])
    named = request.POST.get("connection")
    if request.user.is_authenticated and named:
        form = ConnectForm(connection=get_connection_named(request, named, slug))
    elif isinstance(request.user, User) and not has_place(request.user):
        return _back(request, user_messages.TOO_MANY, provider)
    process = AuthProcess.CONNECT if request.user.is_authenticated else "login"
    return provider.redirect(request, process, _next_url(request), data=form)


def _next_url(request: HttpRequest) -> str:
    next_url = request.POST.get("next", "")[:500]
    if next_url.startswith("/") and url_has_allowed_host_and_scheme(
        next_url, allowed_hosts=None
    ):
        return next_url
    return ""


@never_cache
@login_not_required
@require_GET
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """Consume a provider's answer once, for whom it was asked; redirect without it."""
    provider = _provider(request, slug)
    answer = AuthorizationResponse.read(request)
    user = request.user if isinstance(request.user, User) else None
    try:
        begun = oauth_state.consume(
            answer.state,
            provider=slug,
            user=user,
            session_nonce=nonce_of(request),
        )
    except StateRefusedError as exc:
        _log_refusal(request, slug, f"state_{exc.kind}")
        return _back(request, user_messages.STATE_MESSAGES[exc.kind], provider)
    if answer.issuer and answer.issuer != provider.issuer:
        _log_refusal(request, slug, "issuer")
        return _back(request, user_messages.WRONG_ISSUER, provider)
    if answer.code is None:
        _log_refusal(request, slug, answer.error)
        return _back(request, _error_message(provider, answer.error), provider)
    try:
        with exchanged(provider, answer.code, begun) as grant:
            if begun.user_id is None:
                return _sign_in(request, provider, grant)
            return _connect(request, provider, grant, begun)
    except GrantFailed as exc:
        _log_refusal(request, slug, exc.kind)
        return _back(request, exc.user_message, provider)
    except ConsentKept:
        return _kept(request, provider, begun)


def _kept(
    request: HttpRequest, provider: GrantProvider, begun: Authorization
) -> HttpResponse:
    """Answer without the database that a worker completes what was consented to."""
    logger.warning(
        "consent kept provider=%s", provider.spec.slug, extra={"part": "database"}
    )
    context = {"name": provider.spec.name, "is_sign_in": begun.user_id is None}
    return render(request, "consent_kept.html", context, status=503)


def _error_message(provider: GrantProvider, error: str) -> UserMessage:
    found = user_messages.ERROR_MESSAGES.get(error)
    if found is None:
        # Whatever else RFC 6749 names is a fault in what this site asked for.
        logger.error("authorization refused provider=%s error=%s", provider.id, error)
        return user_messages.MISCONFIGURED
    return found


def _connect(
    request: HttpRequest,
    provider: GrantProvider,
    grant: IdentifiedGrant,
    begun: Authorization,
) -> HttpResponse:
    """Store the grant for the user who asked for it."""
    if not isinstance(request.user, User):
        raise BadRequest("nobody is signed in")
    connected = accept(grant, request.user)
    wanted = begun.connection
    for told, facts in messages_of(connected, wanted):
        _add_message(request, told, provider, **facts)
    if wanted and wanted.pk != connected.connection.pk:
        if connected.is_new:
            pks = (connected.connection.pk, wanted.pk)
            return redirect("integrations:connection-other-account", *pks)
        return redirect(connected.connection)
    return redirect(begun.next_url or connected.connection)


def _sign_in(
    request: HttpRequest, provider: GrantProvider, grant: IdentifiedGrant
) -> HttpResponse:
    """Sign in the owner of an account that is already connected, and nobody else."""
    slug, remote_id = provider.spec.slug, grant.account.remote_id
    connection = persist(lambda: sign_in_methods.linked_connection(slug, remote_id))
    if connection is None:
        grant.revoke()
        _add_message(request, user_messages.NOT_LINKED, provider)
        return redirect("account_login")
    if sign_in_methods.is_suspended(connection):
        grant.revoke()
        _add_message(request, user_messages.SIGN_IN_OFF, provider)
        return redirect("account_login")
    connected = accept(grant, connection.owner)
    for told, facts in messages_of(connected, None):
        # The rest was not asked for, and so is no news.
        if told is user_messages.EDITING_NOT_ASKED:
            _add_message(request, told, provider, **facts)
    audit.record(
        "account.provider_sign_in",
        user=connection.owner,
        request=request,
        provider=slug,
    )
    return perform_login(request, connection.owner)


def _log_refusal(request: HttpRequest, slug: str, kind: str) -> None:
    logger.info("authorization not completed provider=%s kind=%s", slug, kind)
    audit.record(
        "connection.refused",
        user=request.user,
        request=request,
        provider=slug,
        why=kind,
    )


def _add_message(
    request: HttpRequest, told: UserMessage, provider: GrantProvider, **facts: object
) -> None:
    level = getattr(messages, told.level.upper())
    text = told.of(provider.spec.name, **facts)
    messages.add_message(request, level, text, extra_tags=told.code)


def _back(
    request: HttpRequest, told: UserMessage, provider: GrantProvider
) -> HttpResponse:
    _add_message(request, told, provider)
    if not request.user.is_authenticated:
        return redirect("account_login")
    return redirect("integrations:connection-list")
