"""Sealed texts open in their place, with their key, and nowhere else."""

import base64

import pytest
from django.test import override_settings

from integrations.http.secrets import Secret
from integrations.services.common.sealing import crypto

K1 = "k1:" + base64.b64encode(bytes(range(32))).decode()
K2 = "k2:" + base64.b64encode(bytes(range(1, 33))).decode()
ASSOCIATED_DATA = crypto.associated_data("credential", "access_token", "row-1", 1)


def seal(text: str = "na1-token") -> str:
    return crypto.seal(Secret(text), purpose="tokens", associated_data=ASSOCIATED_DATA)


def test_what_was_sealed_opens_in_its_place() -> None:
    sealed = seal("naïve-токен")

    opened = crypto.unseal(sealed, purpose="tokens", associated_data=ASSOCIATED_DATA)

    assert opened.reveal() == "naïve-токен"


def test_a_sealed_text_names_its_key_and_hides_its_content() -> None:
    sealed = seal()

    assert sealed.startswith("v1.k1.")
    assert "na1" not in sealed


def test_the_same_secret_is_never_sealed_the_same_way_twice() -> None:
    assert seal() != seal()


@pytest.mark.parametrize(
    ("purpose", "associated_data"),
    [
        ("tokens", crypto.associated_data("credential", "access_token", "row-2", 1)),
        ("tokens", crypto.associated_data("credential", "access_token", "row-1", 2)),
        ("tokens", crypto.associated_data("credential", "refresh_token", "row-1", 1)),
        ("pkce", ASSOCIATED_DATA),
    ],
)
def test_a_sealed_text_that_was_moved_does_not_open(
    purpose: str, associated_data: str
) -> None:
    sealed = seal()

    with pytest.raises(crypto.UnreadableError):
        crypto.unseal(sealed, purpose=purpose, associated_data=associated_data)


@pytest.mark.parametrize(
    "damaged", ["", "na1-token", "v1.k1", "v1.k1.", "v1.k1.AAAA", "v2.k1.AAAA", "...."]
)
def test_what_is_no_sealed_text_is_never_taken_for_one(damaged: str) -> None:
    with pytest.raises(crypto.UnreadableError):
        crypto.unseal(damaged, purpose="tokens", associated_data=ASSOCIATED_DATA)


def test_every_flipped_byte_is_noticed() -> None:
    head, key_id, payload = seal().split(".")
    raw = bytearray(base64.urlsafe_b64decode(payload))
    for position in range(len(raw)):
        raw[position] ^= 1
        altered = base64.urlsafe_b64encode(bytes(raw)).decode()
        with pytest.raises(crypto.UnreadableError):
            crypto.unseal(
                f"{head}.{key_id}.{altered}",
                purpose="tokens",
                associated_data=ASSOCIATED_DATA,
            )
        raw[position] ^= 1


def test_old_keys_open_and_the_first_key_seals() -> None:
    with override_settings(TOKEN_KEYS=Secret(K1)):
        old = seal()
    with override_settings(TOKEN_KEYS=Secret(f"{K2},{K1}")):
        new = seal()

        assert crypto.key_id_of(new) == "k2"
        assert (
            crypto.unseal(
                old, purpose="tokens", associated_data=ASSOCIATED_DATA
            ).reveal()
            == "na1-token"
        )


def test_a_key_that_is_deleted_is_named() -> None:
    with override_settings(TOKEN_KEYS=Secret(K1)):
        sealed = seal()

    with (
        override_settings(TOKEN_KEYS=Secret(K2)),
        pytest.raises(crypto.UnknownKeyError) as caught,
    ):
        crypto.unseal(sealed, purpose="tokens", associated_data=ASSOCIATED_DATA)
    assert caught.value.key_id == "k1"


@pytest.mark.parametrize(
    "keys",
    ["", "k1", "k1:short", f"{K1},{K1}", "k1:!!!!", ":" + K1, "bad id:" + K1[3:]],
)
def test_keys_that_cannot_work_are_refused_without_being_shown(keys: str) -> None:
    with pytest.raises(crypto.KeysInvalidError) as caught:
        crypto.KeyRing.parse(keys)
    assert K1[3:] not in str(caught.value)
