"""Faults of providers, addresses, mail and files."""

from unittest import mock

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import (
    Connection,
    ProviderState,
)
from tests.services.upkeep.checks.faults import FaultySite, ago, fault
from tests.support.site_transport import SITE


@fault("provider_paused")
def a_provider_refuses_the_client(site: FaultySite) -> None:
    ProviderState.objects.create(
        provider="hubspot",
        reason="client_rejected",
        paused_until=ago(minutes=-1),
        detail="status 401, error invalid_client",
    )


@fault("quota")
def a_quota_is_nearly_used(site: FaultySite) -> None:
    Connection.objects.update(
        provider="airtable",
        plan="",
        calls_on=timezone.now().date(),
        calls_today=9,
        calls_this_month=850,
    )


@fault("sunsets")
def a_version_ends_soon(site: FaultySite) -> None:
    site.provider("hubspot", token_url="http://localhost:8100/hubspot/oauth/v1/token")


@fault("reachability")
def a_provider_is_out_of_reach(site: FaultySite) -> None:
    site.transport.away.add("http://localhost:8100/notion")


@fault("client_credentials")
def a_client_secret_is_wrong(site: FaultySite) -> None:
    site.provider("hubspot", client_secret=Secret("of-another-app"))


@fault("client_credentials")
def another_client_secret_is_wrong(site: FaultySite) -> None:
    site.provider("airtable", client_secret=Secret("of-another-app"))


@fault("client_credentials")
def a_third_client_secret_is_wrong(site: FaultySite) -> None:
    site.provider("notion", client_secret=Secret("of-another-app"))


@fault("redirect_uris")
def a_consent_comes_back_elsewhere(site: FaultySite) -> None:
    site.provider("notion", redirect_uri="https://old.example.com/callback")


@fault("providers")
def no_provider_is_configured(site: FaultySite) -> None:
    for slug in site.settings.PROVIDERS:
        site.provider(slug, client_id="")


@fault("settings", "client_credentials")
def a_client_secret_is_missing(site: FaultySite) -> None:
    site.provider("hubspot", client_secret=Secret(""))


@fault("settings_at_risk")
def sandbox_and_sqlite_at_a_public_address(site: FaultySite) -> None:
    site.settings.IS_DEVELOPMENT_ADDRESS = False
    site.settings.SILENCED_SYSTEM_CHECKS = [
        *site.settings.SILENCED_SYSTEM_CHECKS,
        *("mooring.E012", "mooring.E013", "mooring.E021"),
    ]


@fault("public_address")
def the_public_address_leads_nowhere(site: FaultySite) -> None:
    site.transport.away.add(SITE)


@fault("proxy")
def the_proxy_says_nothing_of_https(site: FaultySite) -> None:
    site.transport.site_status = 503


@fault("proxy")
def the_proxy_passes_no_host(site: FaultySite) -> None:
    site.transport.site_status = 400


@fault("mail")
def the_mail_server_is_out_of_reach(site: FaultySite) -> None:
    site.settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    site.settings.EMAIL_HOST, site.settings.EMAIL_PORT = "127.0.0.1", 9
    site.settings.IS_MAIL_DELIVERED = True


@fault("administrators")
def nobody_administers(site: FaultySite) -> None:
    User.objects.filter(is_superuser=True).update(is_active=False)


@fault("disk")
def the_disk_is_full(site: FaultySite) -> None:
    nearly = mock.Mock(free=50 * 1024**2, total=100 * 1024**3)
    site.monkeypatch.setattr("shutil.disk_usage", lambda _path: nearly)


@fault("var_dir")
def the_fallback_store_is_a_file(site: FaultySite) -> None:
    (site.var_dir / "fallback_store").write_text("not a directory")


@fault("files")
def others_may_read_the_secrets(site: FaultySite) -> None:
    path = site.var_dir / "secrets.env"
    path.write_text("SECRET_KEY=")
    path.chmod(0o644)
    site.settings.SECRET_FILES = [str(path)]


@fault("packages")
def another_version_is_installed(site: FaultySite) -> None:
    (site.var_dir / "requirements.txt").write_text("django==1.0\n")
    site.settings.BASE_DIR = site.var_dir
