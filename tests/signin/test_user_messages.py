"""The sign-in's messages: the one place where their words are looked at."""

import pytest

from integrations.signin import user_messages
from integrations.signin.user_messages import UserMessage

MESSAGES = [
    *(each for each in vars(user_messages).values() if isinstance(each, UserMessage)),
    *user_messages.STATE_MESSAGES.values(),
    user_messages.our_mistake("1f2e3d4c"),
]


def test_every_message_has_a_code_of_its_own() -> None:
    codes = [message.code for message in MESSAGES]

    assert len(set(codes)) == len(codes) > 15
    assert all(code.isidentifier() for code in codes)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.code)
def test_a_message_names_the_provider_and_is_whole_sentences(
    message: UserMessage,
) -> None:
    facts = {"what": "“Read deals”", "chosen": "One", "wanted": "Other"}
    text = message.of("Acme", **facts)

    assert "Acme" in text
    assert "{" not in text
    assert text[0].isupper()
    assert text.endswith(".")


def test_a_mistake_of_ours_is_told_with_its_reference() -> None:
    assert "1f2e3d4c" in user_messages.our_mistake("1f2e3d4c").of("Acme")
