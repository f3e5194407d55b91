"""What is looked at first leaves out nothing that the whole look would find."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)

import random
from datetime import UTC

import pytest

from integrations.services.items.search.datetimes import (
    WRITTEN_DAY,
    read_day,
    written_days,
)
from integrations.services.items.search.words import (
    NUMBER,
    fold,
    fold_character,
    index_words,
    number_words,
    simplify,
)

PIECES = {
    "numbers": [*"0123456789", *"0123456789", *" +().,-/aZ_é", "–", "١"],
    "days": ["1", "21", "2026", "-11", "-03", " NOV", " may", " 2026", ", "],
    "letters": [*"aB9 -'.\u2019_\n", *"éßİΣςΑ東ﬁⅧ٣·ł–\u00ad\u0345Ꭰ"],
}


def made_of(kind):
    """Return some thousand texts made of pieces, the same in every run."""
    choose = random.Random(7)
    return [
        "".join(choose.choices(PIECES[kind], k=choose.randint(1, 24)))
        for _ in range(4000)
    ]


def test_every_number_of_a_text_is_among_its_words():
    for text in made_of("numbers"):
        wanted = {
            word
            for found in NUMBER.finditer(simplify(text))
            for word in number_words(found, is_phone=False)
        }

        assert wanted <= set(index_words(text)), text


def test_every_day_that_a_text_names_is_found():
    for text in made_of("days"):
        read = (read_day(found, UTC) for found in WRITTEN_DAY.finditer(text))
        wanted = {day.spellings[0][0] for day in read if day is not None}

        assert wanted <= {word for word, _ in written_days(text)}, text


@pytest.mark.parametrize("kind", list(PIECES))
def test_a_text_is_folded_as_its_characters_are(kind):
    for text in made_of(kind):
        apart = "".join(map(fold_character, simplify(text)))

        assert fold(text) == apart.split(), text
