"""Every text can be read: WCAG AA in both themes, computed from the style sheets.

https://www.w3.org/TR/WCAG22/#contrast-minimum and #non-text-contrast
"""

import re
from itertools import product
from pathlib import Path

import django
import pytest
from django.conf import settings

SITE = Path(settings.BASE_DIR, "static/css/site.css").read_text()
ADMIN = Path(settings.BASE_DIR, "static/css/admin.css").read_text()
DJANGO = Path(django.__file__).parent / "contrib/admin/static/admin/css"
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("bg", "surface", "sunk", "ok-bg", "warn-bg", "bad-bg", "busy-bg", "idle-bg")
TONES = ("ok", "warn", "bad", "busy", "idle")
PAIRS = [
    *product(("text", "soft", "accent", "accent-strong"), GROUNDS),
    *((tone, f"{tone}-bg") for tone in TONES),
    *product(TONES, ("bg", "surface")),
    *product(("on-accent",), ("accent", "accent-strong")),
    *product(("text", "soft", "accent"), ("highlight",)),
]
SHAPES = [
    *product(("line-strong",), ("bg", "surface", "sunk")),
    *product(("accent",), GROUNDS),
    *product(TONES, ("surface",)),
]
# What only takes the colour of what it stands in, and the white letters of marks.
OTHER = {"inherit", "currentColor", "#fff", "var(--tone)"}

Colour = tuple[float, ...]


def rgb(text: str) -> Colour:
    digits = text.strip().lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return tuple(int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))


def luminance(colour: Colour) -> float:
    parts = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
    )
    return sum(
        w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(rgb(first)), luminance(rgb(second))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def properties(css: str) -> dict[str, str]:
    """Return the custom properties of some rules, the last of each name."""
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", css))


def resolve(values: dict[str, str], name: str, *, is_dark: bool) -> str:
    """Return the colour that a custom property is in one theme."""
    value = values[name]
    if pair := re.fullmatch(r"light-dark\((#\w+), (#\w+)\)", value):
        return pair[2 if is_dark else 1]
    if other := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return resolve(values, other[1], is_dark=is_dark)
    return {"white": "#fff", "black": "#000"}.get(value, value)


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(PAIRS, TEXT), (SHAPES, SHAPE)])
def test_pages_can_be_read(
    pairs: list[tuple[str, str]], least: float, is_dark: bool
) -> None:
    values = properties(SITE)
    found = {
        pair: contrast(*(resolve(values, name, is_dark=is_dark) for name in pair))
        for pair in pairs
    }

    assert {pair: round(c, 2) for pair, c in found.items() if c < least} == {}


def test_letters_of_providers_can_be_read() -> None:
    marks = re.findall(r"--mark: (#\w+);", SITE)

    assert len(marks) == 6
    assert all(contrast("#fff", mark) >= TEXT for mark in marks)


def test_no_text_has_a_colour_that_is_not_compared() -> None:
    named = {f"var(--{name})" for pair in PAIRS for name in pair}
    declared = re.findall(r"(?<![-\w])color:\s*([^;]+);", SITE)

    assert len(declared) > 50
    assert set(declared) - named <= OTHER


# By what Django's style sheets write on what.
ADMIN_PAIRS = [
    *product(("body-fg", "link-fg"), ("body-bg", "darkened-bg", "selected-row")),
    *product(("body-fg",), ("selected-bg",)),
    *product(("body-quiet-color",), ("body-bg", "darkened-bg")),
    *product(("header-color", "header-branding-color"), ("header-bg",)),
    *product(("header-link-color",), ("header-bg",)),
    *product(("breadcrumbs-fg", "breadcrumbs-link-fg"), ("breadcrumbs-bg",)),
    *product(("button-fg",), ("button-bg", "button-hover-bg")),
    *product(("button-fg",), ("default-button-bg", "default-button-hover-bg")),
    *product(("object-tools-fg",), ("object-tools-bg", "object-tools-hover-bg")),
    *product(("button-fg",), ("delete-button-bg", "delete-button-hover-bg")),
    *product(
        ("body-fg",),
        (
            "message-success-bg",
            "message-warning-bg",
            "message-error-bg",
        ),
    ),
    *product(("error-fg", "link-hover-color"), ("body-bg",)),
]


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_the_admin_can_be_read(is_dark: bool) -> None:
    light = (DJANGO / "base.css").read_text().partition("}")[0]
    dark = (DJANGO / "dark_mode.css").read_text().partition("}")[0]
    own = re.findall(r'data-theme="(\w+)"\][^{]*{([^}]*)}', ADMIN)
    ours = {theme: properties(rules) for theme, rules in reversed(own)}
    values = properties(light) | ours["light"]
    if is_dark:
        values |= properties(dark) | ours["dark"]
    found = {
        pair: contrast(*(resolve(values, name, is_dark=is_dark) for name in pair))
        for pair in ADMIN_PAIRS
    }

    assert {pair: round(c, 2) for pair, c in found.items() if c < TEXT} == {}


def test_both_ways_to_the_dark_admin_are_the_same() -> None:
    chosen, preferred = (
        properties(rules)
        for rules in re.findall(r'(?:="dark"\]|"light"\]\)) {([^}]*)}', ADMIN)
    )

    assert chosen == preferred
