"""What a user has searched for in this session, the latest first.

It ends with the session, because others may sign in at the same machine.
"""

from django.http import HttpRequest

KEY = "recent_searches"
MOST, MAX_LENGTH = 8, 200


def note(request: HttpRequest, text: str) -> None:
    """Put a search before the others; one that is the first already writes nothing."""
    known = read(request)
    if known[:1] != [text]:
        others = [each for each in known if each.casefold() != text.casefold()]
        request.session[KEY] = [text[:MAX_LENGTH], *others][:MOST]


def read(request: HttpRequest) -> list[str]:
    """Return the searches of this session."""
    return list(request.session.get(KEY) or ())


def forget(request: HttpRequest) -> None:
    """Forget the searches of this session."""
    request.session.pop(KEY, None)
