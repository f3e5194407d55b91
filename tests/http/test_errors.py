"""The error tree survives what happens to errors in a worker."""

import pickle

import pytest

from integrations.http import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.Unauthorized("no", status=401, code="expired", correlation_id="c1"),
        errors.Forbidden("no", status=403, missing_scopes=["a", "b"]),
        errors.RateLimited("slow", status=429, retry_after=3.0, bucket="g"),
        errors.Server("down", status=503, retry_after=None),
        errors.Network("cut", sent=False, code="refused"),
    ],
)
def test_an_error_can_be_pickled_whole(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_failure_counts_as_sent_unless_it_is_known_not_to_be():
    assert errors.Network("cut").sent


def test_what_may_pass_and_what_stays_wrong_are_told_apart_by_type():
    passing = {errors.RateLimited, errors.Server, errors.Network}
    lasting = {errors.Unauthorized, errors.Forbidden, errors.NotFound}
    lasting |= {errors.InvalidRequest, errors.InvalidResponse}

    assert all(issubclass(each, errors.Transient) for each in passing)
    assert not any(issubclass(each, errors.Transient) for each in lasting)


def test_the_providers_words_are_not_in_the_text_of_an_error():
    error = errors.InvalidRequest("refused", detail="ada@example.org is taken")

    assert "ada" not in str(error)
    assert "ada" not in repr(error)
