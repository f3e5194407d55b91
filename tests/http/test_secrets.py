"""A secret shows itself to nobody who does not ask for it by name."""

import copy
import json
import pickle

import pytest

from integrations.http.secrets import Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret("canary")),
        str(Secret("canary")),
        f"{Secret('canary')}",
        f"{Secret('canary'):>20}",
        f"{Secret('canary')!r}",
        "%s %r" % (Secret("canary"), Secret("canary")),  # noqa: UP031 - logging's way
        str({"token": Secret("canary")}),
    ],
)
def test_no_way_of_printing_a_secret_shows_it(shown):
    assert "canary" not in shown
    assert "***" in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_cannot_be_pickled(protocol):
    with pytest.raises(TypeError):
        pickle.dumps(Secret("canary"), protocol)


def test_a_secret_cannot_become_json():
    with pytest.raises(TypeError):
        json.dumps({"token": Secret("canary")})


def test_a_secret_has_no_dict_and_no_readable_attribute():
    secret = Secret("canary")

    assert not hasattr(secret, "__dict__")
    assert not hasattr(secret, "value")


def test_a_copied_secret_is_the_same_secret():
    secret = Secret("canary")

    assert copy.copy(secret) is secret
    assert copy.deepcopy({"a": secret})["a"] is secret


def test_secrets_compare_by_value_and_only_with_secrets():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_an_empty_secret_is_false_and_text_comes_back_whole():
    assert not Secret("")
    assert Secret("x").reveal() == "x"


@pytest.mark.parametrize("value", [None, b"bytes", 1, Secret("a")])
def test_only_text_can_be_a_secret(value):
    with pytest.raises(TypeError):
        Secret(value)
