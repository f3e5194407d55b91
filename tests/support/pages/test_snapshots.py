"""A test begins with an empty database, whatever those before it have committed."""

import pytest
from django.contrib.auth.models import Permission, User


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_test_commits_is_gone_for_the_next(turn: str) -> None:
    assert not User.objects.exists()
    assert Permission.objects.exists()

    User.objects.create_user(turn)
    Permission.objects.all().delete()
