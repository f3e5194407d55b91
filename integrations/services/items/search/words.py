"""Fold texts into the words they are found by: case, accents, scripts, numbers.

The same words are made of what is stored and of what is searched. Scripts that put no
spaces between words are cut into pairs of characters, so that any part is found.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Final

from integrations.services.items.search.datetimes import (
    WRITTEN_DAY,
    read_day,
    written_days,
)

# No longer word is told apart; PostgreSQL refuses those of more than 2,046 bytes.
WORD_LENGTH: Final = 64
# What joins the digits of a decimal number, and the words of a whole name, to one
# word: a letter to no language, and to SQLite's tokenizer.
JOINT: Final = "·"
SHORTEST_ENDING: Final = 4
REPEATED_LENGTH: Final = 60

# One thing to find: the spellings it may have, each of words that must all be there.
Unit = tuple[tuple[str, ...], ...]

# Letters that Unicode takes apart no further, by how they are typed without them.
_TYPED_AS: Final = {
    "þ": "th",
    "ð": "d",
    "\u0131": "i",
    "ȷ": "j",
    "æ": "ae",
    "œ": "oe",
    "ŋ": "n",
    "ĸ": "k",
    "ə": "e",
    "\u02bb": "",
    "\u02bc": "",
}
_WITH_STROKE: Final = re.compile(r"LATIN SMALL LETTER ([A-Z]) WITH ")
# Accents, and the vowel points of Hebrew and Arabic, which few people type. The marks
# of other scripts are part of their words.
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    "\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
# Thai to Myanmar, Hangul, Khmer, the scripts around them, kana, Han and Yi.
UNSPACED: Final = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u1aad\u1b00-\u1b7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u31ff\u3400-\u4dbf\u4e00-\ua4cf"
    "\ua960-\ua9ff\uaa00-\uaadf\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f"
    "\U00020000-\U000323af]+"
)
# Of texts that are compared whole, quotation marks are the ones that a keyboard has.
_PLAIN_QUOTES: Final = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
_APOSTROPHE: Final = re.compile("['\u2019]")
_ELIDED: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:['\u2019][^\W\d_]++)+")
_PLAIN_WORD: Final = re.compile("[a-z0-9]+")
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]+")
# What no space and no punctuation of ASCII interrupts.
_RUN: Final = re.compile("[^\x00-/:-@[-`{-\x7f]+")
_DIGIT: Final = re.compile("[0-9]")
_DIGITS_AND_DOTS: Final = re.compile(r"[0-9.]+")
_GROUPED: Final = r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,])(?!\.\d)"
# Seven to fifteen digits, as telephone numbers have, however they are written.
_PHONE: Final = r"(?<![\w.])\+?\(?\d(?:[ ().\-/]{0,3}\d){6,14}(?!\w)"
_DOTTED: Final = r"(?<![\w.])\d+(?:\.\d+)+(?!\w)(?!\.\d)"
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NUMBER: Final = re.compile(
    f"(?P<grouped>{_GROUPED})|(?P<phone>{_PHONE})|(?P<dotted>{_DOTTED})", re.ASCII
)
# Some of what each of them has, found in a tenth of the time; most texts have none.
_NUMBER_BEGINS: Final = re.compile(
    r"\d(?<![\w.]\d)(?:\d*[.,]\d|(?:[ ().\-/]{0,3}\d){6})", re.ASCII
)


class _Table(dict[int, str]):
    """A table for ``str.translate`` that learns each character when it meets it."""

    def __missing__(self, code: int) -> str:
        self[code] = found = self._of(chr(code))
        return found

    def _of(self, character: str) -> str:
        raise NotImplementedError


class _Simple(_Table):
    """Write digits and dashes of any script as plain ones; drop what is not seen."""

    def _of(self, character: str) -> str:
        kind = unicodedata.category(character)
        if kind == "Nd":
            return str(unicodedata.decimal(character))
        if kind == "Pd" or character == "\u2212":
            return "-"
        return "" if kind == "Cf" else character


class _Folded(_Table):
    """Write letters as they are typed, and whatever is no part of a word as a space."""

    def _of(self, character: str) -> str:
        if unicodedata.category(character)[0] not in "LNM":
            return self._between(character)
        parts = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", character))
        typed = _ACCENTS.sub("", parts).casefold()
        letters = "".join(map(_typed_as, _ACCENTS.sub("", typed)))
        return unicodedata.normalize("NFC", letters)

    def _between(self, character: str) -> str:
        return " "


class _Compared(_Folded):
    """Write letters as they are typed, and what is no part of a word as it is."""

    def _between(self, character: str) -> str:
        return _PLAIN_QUOTES.get(character, character)


def _typed_as(letter: str) -> str:
    if letter in _TYPED_AS:
        return _TYPED_AS[letter]
    stroke = None
    if not letter.isascii():
        stroke = _WITH_STROKE.match(unicodedata.name(letter, ""))
    return stroke[1].lower() if stroke else letter


_SIMPLE, _FOLDED, _COMPARED = _Simple(), _Folded(), _Compared()


def simplify(text: str) -> str:
    """Return a text whose characters of compatibility are the common ones."""
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    # Hardly any character of a text becomes another one, and to translate each costs
    # as much as everything else. What one becomes is ASCII, and so no other one again.
    for character in set(normal):
        if not character.isascii() and (simple := _SIMPLE[ord(character)]) != character:
            normal = normal.replace(character, simple)
    return normal


def fold(text: str) -> list[str]:
    """Return the words of a text without case, accents and punctuation."""
    return _fold_simple(simplify(text))


def fold_text(text: str) -> str:
    """Return a text as its words are folded, with all that stands between them."""
    simple = simplify(text)
    if simple.isascii():
        return simple.lower()
    return _NOT_ASCII.sub(lambda found: found[0].translate(_COMPARED), simple).lower()


def _fold_simple(text: str) -> list[str]:
    if text.isascii():
        return _PLAIN_WORD.findall(text.lower())
    return list(_fold_runs(_RUN.findall(text)))


def _fold_runs(runs: Iterable[str]) -> Iterator[str]:
    for run in runs:
        if run.isascii():
            yield run.lower()
        else:
            yield from run.translate(_FOLDED).split()


@lru_cache(maxsize=4096)
def fold_character(character: str) -> str:
    """Return what one character is in folded words, a space between them."""
    return simplify(character).translate(_FOLDED)


def to_key(text: str) -> str:
    """Return all words of a name as one."""
    return JOINT.join(fold(text))[:WORD_LENGTH]


def index_words(text: str, *, is_phone: bool = False) -> Sequence[str]:
    """Return every word that a text is found by."""
    if len(text) <= REPEATED_LENGTH:
        return _index_repeated(text, is_phone)
    return _index(text, is_phone)


def _index(text: str, is_phone: bool) -> tuple[str, ...]:  # noqa: FBT001 (cached)
    if text.isascii() and text.isalnum() and not is_phone:
        # One word, as codes and ids are: no number or day stands beside letters.
        return (text.lower()[:WORD_LENGTH],)
    text = simplify(text)
    words = _different_words(text)
    if not text.isascii() and UNSPACED.search(text):
        words = [part for word in words for part in _parts(word, is_stored=True)]
    # Digits and nothing else, as ids are, are the one word that they are already.
    if _DIGIT.search(text) and (is_phone or not text.isdigit()):
        for found in NUMBER.finditer(text) if _NUMBER_BEGINS.search(text) else ():
            words += number_words(found, is_phone=is_phone or _is_all(found))
        words += (word for word, _ in written_days(text))
    if "'" in text or "\u2019" in text:
        words += (word for found in _ELIDED.finditer(text) for word in _joined(found))
    return tuple(word[:WORD_LENGTH] for word in words)


def _different_words(text: str) -> list[str]:
    """Return the words of a simple text, each once; a long one repeats most."""
    if text.isascii():
        return list(dict.fromkeys(_fold_simple(text)))
    return list(dict.fromkeys(_fold_runs(dict.fromkeys(_RUN.findall(text)))))


def _joined(elided: "re.Match[str]") -> list[str]:
    """Return a word with apostrophes as it is typed without them."""
    return fold(_APOSTROPHE.sub("", elided[0]))


# Choices, names, days: most values of an account are in many of its items. Each entry
# takes about half a kilobyte.
_index_repeated = lru_cache(maxsize=4096)(_index)


def query_units(text: str, zone: tzinfo = UTC) -> list[Unit]:
    """Return what has to be found, each in any one of several spellings.

    Days and times are read in ``zone``.
    """
    simple, start = simplify(text), 0
    units: list[Unit] = []
    for found in WRITTEN_DAY.finditer(simple):
        if day := read_day(found, zone):
            units += _plain_units(simple[start : found.start()])
            units.append(day.spellings)
            start = day.end
    return units + _plain_units(simple[start:])


def _plain_units(simple: str) -> list[Unit]:
    start = 0
    units: list[Unit] = []
    for found in NUMBER.finditer(simple):
        units += _word_units(simple[start : found.start()])
        units.append(_number_choices(found))
        start = found.end()
    return units + _word_units(simple[start:])


def _word_units(text: str) -> list[Unit]:
    start = 0
    units: list[Unit] = []
    for found in _ELIDED.finditer(text):
        if UNSPACED.search(found[0]):
            continue
        units += _unbroken_units(text[start : found.start()])
        units.append((tuple(fold(found[0])), tuple(_joined(found))))
        start = found.end()
    return units + _unbroken_units(text[start:])


def _unbroken_units(text: str) -> list[Unit]:
    parts = (part for word in fold(text) for part in _parts(word, is_stored=False))
    return [((part[:WORD_LENGTH],),) for part in parts]


def _parts(word: str, *, is_stored: bool) -> Iterator[str]:
    """Yield a word, or the pairs of characters of one in a script without spaces.

    A stored one ends with its last character alone, so that each is a beginning.
    """
    start = 0
    for run in UNSPACED.finditer(word):
        if run.start() > start:
            yield word[start : run.start()]
        text = run[0]
        yield from (text[i : i + 2] for i in range(len(text) - 1))
        if is_stored or len(text) == 1:
            yield text[-1]
        start = run.end()
    if start < len(word):
        yield word[start:]


def number_words(found: "re.Match[str]", *, is_phone: bool) -> list[str]:
    """Return a number in one word, and a telephone number by its endings too."""
    text = found[0]
    if found["grouped"]:
        return [text.replace(",", "").replace(".", JOINT)]
    words = [text.replace(".", JOINT)] if _DIGITS_AND_DOTS.fullmatch(text) else []
    if found["phone"]:
        digits = _digits(text)
        last = len(digits) - SHORTEST_ENDING if is_phone else 0
        words += [digits[start:] for start in range(last + 1)]
    return words


def _is_all(found: "re.Match[str]") -> bool:
    """Tell whether a text is nothing but a telephone number, and no date or id."""
    text = found[0]
    return (
        found.string.strip() == text
        and not text.isdigit()
        and not _ISO_DATE.match(text)
    )


def _number_choices(found: "re.Match[str]") -> Unit:
    words = number_words(found, is_phone=False)
    if not found["phone"]:
        return (tuple(words),)
    choices = [(word,) for word in words + _without_prefix(found[0])]
    # They may be two numbers that only stand side by side.
    return tuple(dict.fromkeys([*choices, tuple(fold(found[0]))]))


def _without_prefix(text: str) -> list[str]:
    """Return a telephone number without what is dialled from elsewhere only."""
    digits = _digits(text)
    if digits.startswith("00") or text.startswith("+"):
        national = digits.removeprefix("00")
        ways = [national, *(national[n:] for n in (1, 2, 3))]
    elif digits.startswith("0") or (digits.startswith("1") and len(digits) == 11):
        ways = [digits[1:]]
    else:
        ways = []
    return [way for way in ways if len(way) >= 7]


def _digits(text: str) -> str:
    return "".join(_DIGIT.findall(text))
