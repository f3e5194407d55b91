"""What is drawn by hundreds is escaped as Django escapes."""

import pytest
from django.utils import html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from integrations.templatetags import quick_html

VALUES = (
    "plain",
    "<script>\"quoted\" & 'single'",
    "{0} {braces}",
    "",
    SafeString("<b>drawn</b>"),
    gettext_lazy("<lazy>"),
    html.format_html_join(", ", "<i>{}</i>", [("<x>",)]),
    None,
    7,
    1.5,
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_drawn_as_django_draws_it(value):
    form, rows = "<td>{}</td>{}", [(value, value), ("a", value)]

    assert quick_html.format_html(form, value, value) == html.format_html(
        form, value, value
    )
    assert quick_html.format_html_join(" & ", form, rows) == html.format_html_join(
        " & ", form, rows
    )


def test_what_is_drawn_is_not_escaped_again():
    drawn = quick_html.format_html("<b>{}</b>", "<")

    assert quick_html.format_html("{}", drawn) == "<b>&lt;</b>"
    assert isinstance(drawn, SafeString)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada & <Co>", "Ada &amp; &lt;Co&gt;"),
        ("café", "<bdi>café</bdi>"),
        ("שלום <1>", "<bdi>שלום &lt;1&gt;</bdi>"),
        ("", ""),
    ],
)
def test_only_what_may_turn_words_around_it_is_set_apart(text, expected):
    assert quick_html.set_apart(text) == expected
