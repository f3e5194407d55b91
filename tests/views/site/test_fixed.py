"""What is the same on every page is drawn once, and holds nothing of anybody."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template

from integrations.views.items import search
from integrations.views.items.filters import COLUMNS

STYLE = Path(__file__).parents[3] / "static/css/site.css"


def test_what_is_fixed_is_drawn_once_and_sees_no_variable():
    page = Template(
        "{% load fixed %}{{ name }}{% fixed %}<b>{{ name }}"
        "{% url 'integrations:home' %}</b>{% endfixed %}{{ name }}"
    )

    assert page.render(Context({"name": "alice"})) == "alice<b>/</b>alice"
    assert page.render(Context({"name": "bob"})) == "bob<b>/</b>bob"


def test_the_fields_of_a_form_are_drawn_for_each_kind_of_list():
    page = Template("{% load fixed %}{% fixed %}{% blank_fields kind %}{% endfixed %}")
    with pytest.raises(KeyError):
        page.render(Context({"kind": "items"}))

    for kind, word in (("items", "Values"), ("table", "Columns")):
        source = "{% load fixed %}{% fixed %}{% blank_fields 'KIND' %}{% endfixed %}"
        drawn = Template(source.replace("KIND", kind)).render(Context())
        assert f'<label for="id_values">{word}</label>' in drawn


def test_the_stylesheet_names_the_cells_of_folded_rows_as_their_heads_do():
    told = re.findall(
        r"\.(items|found) td:nth-child\((\d)\)::before { content: \"(\w+)\"; }",
        STYLE.read_text(),
    )
    lists = {
        "items": [label for _, label, _ in COLUMNS],
        "found": [each["label"] for each in search.COLUMNS],
    }

    assert told == [
        (name, str(place), label)
        for name, labels in lists.items()
        for place, label in enumerate(labels, 1)
        if place > 1
    ]
