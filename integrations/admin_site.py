"""Guard the one door to the admin: signed in, staff, and a second factor passed."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator

from integrations.views.site.panel import panel_of

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_passed_second_factor(request: HttpRequest) -> bool:
    """Tell whether this very session was opened with a second factor.

    Having one is not enough: whoever stole a password could ride on a session
    from before it was set up.
    """
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


class MooringAdminSite(AdminSite):
    """The stock admin behind allauth's sign-in and a second factor."""

    site_header = "Mooring"
    site_title = "Mooring administration"
    index_title = "Administration"
    # It would take the room of two columns; the index and the crumbs lead anywhere.
    enable_nav_sidebar = False
    index_template = "admin/integrations/index.html"

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show how the site is, to staff who may see connections."""
        panel = panel_of(request)
        return super().index(request, {**(extra_context or {}), "panel": panel})

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active staff whose session has passed a second factor.

        Every view of the admin asks this, so there is no other way in.
        """
        return super().has_permission(request) and has_passed_second_factor(request)

    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send staff to the step that is still missing; show no form of our own."""
        target = get_next_redirect_url(request) or reverse("admin:index")
        if self.has_permission(request):
            return redirect(target)
        if not is_mfa_enabled(request.user, SECOND_FACTORS):
            messages.warning(
                request, "Administration needs two-step sign-in: set it up first."
            )
            return redirect("mfa_index")
        again = reverse("mfa_reauthenticate")
        return redirect(f"{again}?{urlencode({'next': target})}")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leave passwords to the accounts pages, which count wrong guesses."""
        return redirect("account_change_password")
