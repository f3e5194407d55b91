"""Pages are small: without what only their authors see, and compressed."""

import gzip

import pytest

from config.web.templates import compact
from tests.support.rows import make_collection, make_items

LONG = "Fischer & Sons, harbour 4: <tide> tables"


def fill(connection):
    names = [f"{LONG} {number}" for number in range(60)]
    make_items(make_collection(connection), [{"name": name} for name in names])


def test_a_list_of_fifty_rows_is_below_forty_kilobytes(as_alice, connection):
    fill(connection)

    page = as_alice.get("/items/")

    assert page.content.count(b"<td>") == 50 * 4
    assert len(page.content) < 40_000


def test_a_page_is_compressed_for_whoever_takes_it_so(as_alice, connection):
    fill(connection)

    page = as_alice.get("/items/", headers={"accept-encoding": "gzip"})

    assert page.headers["Content-Encoding"] == "gzip"
    assert int(page.headers["Content-Length"]) == len(page.content) < 10_000
    assert b"harbour 4: &lt;tide&gt; tables 57" in gzip.decompress(page.content)
    assert "Accept-Encoding" in page.headers["Vary"]


def test_a_file_is_not_compressed(as_alice, connection):
    fill(connection)

    answer = as_alice.post(
        "/items/download/",
        {"form": "csv", "values": "shown"},
        headers={"accept-encoding": "gzip"},
    )

    assert answer.streaming
    assert "Content-Encoding" not in answer.headers
    assert b"harbour 4" in b"".join(answer.streaming_content)


def test_lines_lose_what_only_authors_see_and_texts_keep_it():
    source = '<p>\n  One\n\n  two</p>\n<pre>\n  a\n    b</pre>\n  <i\n   class="x">'

    assert (
        compact(source) == '<p>\nOne\ntwo</p>\n<pre>\n  a\n    b</pre>\n<i\nclass="x">'
    )


def test_a_no_break_space_at_the_end_of_a_line_is_text():
    assert compact("<b>5\u00a0\n  km</b>") == "<b>5\u00a0\nkm</b>"
    assert compact("<p>\n <pre>{{ a }}\n  b") == "<p>\n<pre>{{ a }}\n  b"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n{% if x %}\n  b\n{% endif %}\nc", "a\n{% if x %}b\n{% endif %}c"),
        ("a\n{% for x in y %}\n{% if x %}\nb", "a\n{% for x in y %}{% if x %}b"),
        # What draws something itself, or begins inside of a line, is left alone.
        ("a\n{% icon 'left' %}\nb", "a\n{% icon 'left' %}\nb"),
        ("a {% if x %}\nb\n{% endif %}\nc", "a {% if x %}\nb\n{% endif %}c"),
        ("<pre>\n{% if x %}\n</pre>", "<pre>\n{% if x %}\n</pre>"),
    ],
)
def test_of_two_ends_of_a_line_around_a_silent_tag_one_is_left(source, expected):
    assert compact(source) == expected
