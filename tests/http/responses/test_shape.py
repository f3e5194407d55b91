"""Shapes are read strictly, and complaints quote no values."""

import pytest

from integrations.http.errors import InvalidResponse
from integrations.http.responses import shape


@pytest.mark.parametrize(
    ("read", "bad"),
    [
        (lambda v: shape.expect_object(v, "here"), [1]),
        (lambda v: shape.expect_list(v, "here"), {}),
        (lambda v: shape.expect_text(v, "here"), 5),
        (lambda v: shape.expect_text(v, "here"), ""),
        (lambda v: shape.text({"here": v}, "here"), None),
        (lambda v: shape.text({"here": v}, "here"), ["canary"]),
        (lambda v: shape.objects({"here": v}, "here"), None),
        (lambda v: shape.objects({"here": v}, "here"), ["canary"]),
        (lambda v: shape.optional_object({"here": v}, "here"), "canary"),
        (lambda v: shape.flag({"here": v}, "here"), "true"),
    ],
)
def test_a_wrong_shape_is_named_without_its_value(read, bad):
    with pytest.raises(InvalidResponse, match="here") as caught:
        read(bad)

    assert "canary" not in str(caught.value)


def test_right_shapes_come_back():
    body = {"t": "x", "rows": [{"a": 1}], "o": {"b": 2}, "f": True, "n": None}

    assert shape.text(body, "t") == "x"
    assert shape.objects(body, "rows") == [{"a": 1}]
    assert shape.optional_object(body, "o") == {"b": 2}
    assert shape.optional_object(body, "n") == {}
    assert shape.flag(body, "f")
    assert not shape.flag(body, "missing")
