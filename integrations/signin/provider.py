"""allauth provider whose authorization request no request parameter can change."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from msgspec import Struct

from integrations.models import Connection
from integrations.oauth.config import (
    OAuthConfig,
    code_challenge,
    new_code_verifier,
)
from integrations.providers import SPECS
from integrations.providers.spec import ProviderSettings, ProviderSpec
from integrations.services.grants import oauth_state
from integrations.signin.session import nonce_of


class GrantAccount(ProviderAccount):
    """Account shown by the name it had when it was connected."""

    account: SocialAccount

    def to_str(self) -> str:
        name = self.account.extra_data.get("name")
        return str(name or self.account.uid)


class GrantAdapter(OAuth2Adapter):
    """allauth adapter without endpoints of its own; they come from settings."""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return the one redirect URI that is registered, never the Host header's."""
        return settings.PROVIDERS[self.provider_id].redirect_uri


class ConnectForm(Struct, frozen=True, kw_only=True):
    """What a user sends along to connect: what to reconnect, which plan they have."""

    connection: Connection | None = None
    plan: str = ""


class GrantProvider(OAuth2Provider):
    """OAuth provider that asks with the parameters of spec and settings alone."""

    spec: ClassVar[ProviderSpec]
    # Where allauth looks for addresses to put below /accounts/: there are none.
    package = "integrations.signin"
    uses_apps = False
    account_class = GrantAccount
    oauth2_adapter_class = GrantAdapter

    @property
    def settings(self) -> ProviderSettings:
        """Return what the operator configured."""
        configured: ProviderSettings = settings.PROVIDERS[self.spec.slug]
        return configured

    @property
    def config(self) -> OAuthConfig:
        """Return the OAuth configuration: endpoints and client."""
        return self.spec.oauth_config(self.settings)

    @property
    def issuer(self) -> str:
        """Return what ``iss`` must be, where a provider sends it (RFC 9207)."""
        parts = urlsplit(self.settings.authorize_url)
        return f"{parts.scheme}://{parts.netloc}"

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("integrations:authorize", args=(self.spec.slug,))

    def get_callback_url(self) -> str:
        """Return the path a provider sends users back to."""
        return reverse("integrations:callback", args=(self.spec.slug,))

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponseRedirect:
        """Send the browser to the provider.

        ``data`` is the ``ConnectForm`` the user sent, if any. Whatever allauth
        read from the request (``scope``, ``auth_params``) arrives in ``kwargs``
        and is left there on purpose.
        """
        form = data if isinstance(data, ConnectForm) else ConnectForm()
        is_editing = form.connection is not None and form.connection.is_editing
        verifier = new_code_verifier() if self.spec.pkce else None
        user = request.user if request.user.is_authenticated else None
        state = oauth_state.issue(
            provider=self.spec.slug,
            user=user,
            session_nonce=nonce_of(request),
            connection=form.connection,
            next_url=next_url or "",
            plan=form.plan,
            code_verifier=verifier,
        )
        return HttpResponseRedirect(
            self.config.authorization_url(
                state=state.reveal(),
                scopes=self.spec.required_scopes(),
                optional_scopes=self.spec.optional_scopes(with_writing=is_editing),
                code_challenge=code_challenge(verifier) if verifier else "",
            )
        )


def make_provider_class(spec: ProviderSpec) -> type[GrantProvider]:
    """Return the class that stands for one provider in allauth."""
    prefix = spec.slug.title()
    adapter = type(f"{prefix}Adapter", (GrantAdapter,), {"provider_id": spec.slug})
    body = {
        "id": spec.slug,
        "name": spec.name,
        "spec": spec,
        "oauth2_adapter_class": adapter,
        "__module__": __name__,
    }
    return type(f"{prefix}Provider", (GrantProvider,), body)


# allauth's registry imports ``provider`` of every installed app and reads this name.
provider_classes = [make_provider_class(spec) for spec in SPECS.values()]
