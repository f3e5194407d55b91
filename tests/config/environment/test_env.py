"""Test that the environment is read strictly and that values stay unseen."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment.env import Environment, is_loopback, read_env_file


def names(env: Environment) -> list[str]:
    return [problem.name for problem in env.problems]


def test_a_missing_variable_has_its_default() -> None:
    env = Environment({})

    assert env.text("A", "x") == "x"
    assert env.flag("B", default=True) is True
    assert env.whole("C", default=7) == 7
    assert env.names("D") == []
    assert env.problems == []


@pytest.mark.parametrize(("word", "value"), [("On", True), ("0", False), ("no", False)])
def test_a_flag_knows_the_usual_words(word: str, value: bool) -> None:
    assert Environment({"A": word}).flag("A", default=not value) is value


@pytest.mark.parametrize("text", ["many", "nan", "inf", "-1", "99", "1.5"])
def test_a_number_out_of_bounds_is_refused_by_name(text: str) -> None:
    env = Environment({"A": text})

    assert env.whole("A", default=5, low=0, high=60) == 5
    assert names(env) == ["A"]


@pytest.mark.parametrize(
    "address",
    [
        "example.com",
        "ftp://example.com",
        "https://",
        "https://user:word@example.com",
        "https://example.com:0",
        "https://exa mple.com",
        "https://[::1",
        "http://example.com",
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_it(address: str) -> None:
    env = Environment({"A": address})

    assert env.url("A", "https://fallback.example") == "https://fallback.example"
    assert names(env) == ["A"]
    assert address not in str(env.problems)


@pytest.mark.parametrize(
    "address", ["http://localhost:1", "http://127.0.0.1", "http://[::1]:8"]
)
def test_plain_http_is_accepted_on_this_machine(address: str) -> None:
    env = Environment({"A": address})

    assert env.url("A") == address
    assert is_loopback(address)
    assert env.problems == []


def test_a_host_that_only_begins_like_loopback_is_no_loopback() -> None:
    assert not is_loopback("http://localhost.example.com")
    assert not is_loopback("http://127.0.0.1.example.com")


def test_a_choice_ignores_case_and_refuses_other_words() -> None:
    env = Environment({"A": "LINKED", "B": "everybody"})

    assert env.choice("A", ("", "linked")) == "linked"
    assert env.choice("B", ("", "linked")) == ""
    assert names(env) == ["B"]
    assert "everybody" not in str(env.problems)


def test_an_env_file_may_be_written_as_users_write_them(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# a comment\n\n  HUBSPOT_CLIENT_ID=abc\nexport B = two words \n"
        "C='#quoted # kept'\nD=k1:aGk=\nE=value # said why\nF=\nG=# nothing\n"
    )

    assert read_env_file(path) == {
        "HUBSPOT_CLIENT_ID": "abc",
        "B": "two words",
        "C": "#quoted # kept",
        "D": "k1:aGk=",
        "E": "value",
        "F": "",
        "G": "",
    }


def test_a_line_that_is_no_assignment_is_refused_by_number(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\nsecret-on-its-own\n")

    with pytest.raises(ImproperlyConfigured, match="line 2") as refused:
        read_env_file(path)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("content", [b"secret-on-its-own", b"A=\xff\xfe"])
def test_a_file_that_makes_no_sense_is_one_problem_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "bad").write_bytes(content)
    monkeypatch.setenv("ENV_FILE", "bad")

    env = Environment.load(tmp_path)

    [problem] = env.problems
    assert (problem.id, problem.name) == ("mooring.E025", str(tmp_path / "bad"))
    assert "secret" not in str(problem)


def test_the_process_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").write_text("A_NAME=file\nB_NAME=file\n")
    monkeypatch.setenv("ENV_FILE", "other")
    monkeypatch.setenv("A_NAME", "process")

    env = Environment.load(tmp_path)

    assert (env.text("A_NAME"), env.text("B_NAME")) == ("process", "file")


def test_a_refused_value_is_not_used_either() -> None:
    env = Environment({"A": "http://plain.example.com", "B": "fine"})

    env.url("A")

    assert (env.accepted_text("A"), env.accepted_text("B")) == ("", "fine")


@pytest.mark.parametrize("text", ["10.0.0.7, 10.1.0.0/16", "*", "::1"])
def test_networks_are_addresses_networks_or_all(text: str) -> None:
    env = Environment({"PROXIES": text})

    found = env.networks("PROXIES", "127.0.0.1")

    assert ", ".join(found) == text
    assert not env.problems


def test_a_network_that_is_none_is_refused_by_name() -> None:
    env = Environment({"PROXIES": "10.0.0.7,proxy.example.com"})

    assert env.networks("PROXIES", "127.0.0.1,::1") == ["127.0.0.1", "::1"]
    assert [problem.name for problem in env.problems] == ["PROXIES"]
