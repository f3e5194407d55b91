"""Press every control of the account pages, with and without JavaScript.

Who somebody is may be asked for anew there, so that a form leads to a proof as well.
"""

import time
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from tests.browser.controls import assert_works_without_script, walk
from tests.browser.pressing import press_all, press_signed_out

pytestmark = pytest.mark.browser

ACCOUNTS = "/accounts/"
# What the stack gives each person.
PASSWORD = "sail-the-seven-7"
SETTINGS = (
    "/accounts/email/",
    "/accounts/sign-in-methods/",
    "/accounts/2fa/recovery-codes/",
)
ENTRANCES = ("/accounts/password/reset/", "/accounts/login/")
WITH_AND_WITHOUT = pytest.mark.parametrize(
    "is_scripted", [True, False], ids=["js", "no-js"]
)


def enter(page: Page, path: str) -> None:
    """Open a page that asks for a fresh proof, and give it."""
    page.goto(path)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"**{path}")


def set_up_app(page: Page) -> None:
    """Set up an authenticator app as its user would, by the secret on the page."""
    enter(page, "/accounts/2fa/totp/activate/")
    secret = page.locator("#authenticator_secret").input_value()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    page.locator("[name=code]").fill(code)
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("h1")).to_be_visible()


@WITH_AND_WITHOUT
def test_every_control_of_an_account_does_something(
    open_page: Callable[..., Page], is_scripted: bool
) -> None:
    page = open_page(
        f"settled-{is_scripted}@example.com", java_script_enabled=is_scripted
    )
    set_up_app(page)
    found = walk(page, *SETTINGS, within=ACCOUNTS)

    if is_scripted:
        assert press_signed_out(page, found) > 4
    assert press_all(page, found) > 8
    page.goto("/accounts/2fa/totp/deactivate/")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/accounts/2fa/")


@WITH_AND_WITHOUT
def test_every_control_of_an_entrance_does_something(
    open_page: Callable[..., Page], is_scripted: bool
) -> None:
    page = open_page(java_script_enabled=is_scripted)
    # A Chromium without windows refuses passkeys, unless a test plays their keeper.
    page.context.new_cdp_session(page).send("WebAuthn.enable")

    assert press_all(page, ENTRANCES) > 2


def test_a_passkey_is_added_renamed_used_and_removed(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("keyholder@example.com")
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    kind |= {"hasUserVerification": True, "isUserVerified": True}
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": kind})

    enter(page, "/accounts/2fa/webauthn/add/")
    page.locator("[name=name]").fill("Laptop")
    page.locator("[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: not url.endswith("/add/"))
    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Rename").click()
    page.locator("[name=name]").fill("Old laptop")
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_text("Old laptop")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.locator("#passkey_login").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Remove").click()
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_text("Old laptop")).to_have_count(0)


def test_without_a_script_no_passkey_is_offered_and_that_is_said(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("scriptless@example.com", java_script_enabled=False)
    stranger = open_page(java_script_enabled=False)

    enter(page, "/accounts/2fa/webauthn/add/")
    stranger.goto("/accounts/login/")
    for shown in (page, stranger):
        assert_works_without_script(shown)
        expect(shown.locator("[data-scripted]:visible")).to_have_count(0)
        expect(shown.locator("[data-code=needs_script]")).to_be_visible()
