"""Test that one address says how mail leaves, and that an odd one is refused."""

import pytest

from config.environment.env import Environment
from config.environment.mail import Mail, read_mail


def read(url: str) -> tuple[Mail, Environment]:
    env = Environment({"EMAIL_URL": url})
    return read_mail(env, default="dummymail://"), env


@pytest.mark.parametrize(
    ("scheme", "starttls", "tls"),
    [
        ("smtp", False, False),
        ("smtp+tls", True, False),
        ("smtps", True, False),
        ("smtp+ssl", False, True),
    ],
)
def test_a_mail_server_is_named_by_the_parts_of_its_address(
    scheme: str, *, starttls: bool, tls: bool
) -> None:
    mail, _ = read(f"{scheme}://ann%40x:p%2Fw@mail.example.com:587")

    assert (mail.host, mail.port) == ("mail.example.com", 587)
    assert (mail.user, mail.password) == ("ann@x", "p/w")
    assert (mail.uses_starttls, mail.uses_tls) == (starttls, tls)
    assert mail.is_delivered


@pytest.mark.parametrize("url", ["consolemail://", "dummymail://", ""])
def test_what_is_printed_or_dropped_is_not_delivered(url: str) -> None:
    assert not read(url)[0].is_delivered


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "imap://hidden@b",
        "smtp://a:hidden@b:port",
        "smtp://a:1#hidden@b",
        "smtp://a:1/hidden@b",
    ],
)
def test_an_address_of_no_mail_server_is_refused_by_name(url: str) -> None:
    mail, env = read(url)

    assert not mail.is_delivered
    assert [problem.name for problem in env.problems] == ["EMAIL_URL"]
    assert "hidden" not in str(env.problems)
