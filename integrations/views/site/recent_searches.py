"""What a user has searched for in this session, wherever, the latest first.

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


def note_page(request: HttpRequest, text: str) -> None:
    """Put what a list or table is searched for before the others, if it is.

    A list that is searched while somebody types asks for each beginning of the word:
    only the longest is kept.
    """
    if not text:
        return
    known = read(request)
    if getattr(request, "htmx", None) and known:
        latest, now = known[0].casefold(), text.casefold()
        if latest.startswith(now):
            return
        if now.startswith(latest):
            request.session[KEY] = known[1:]
    note(request, text)


def read(request: HttpRequest) -> list[str]:
    """Return the searches of this session."""
    return list(request.session.get(KEY) or ())


def forget(request: HttpRequest) -> None:
    """Forget the searches of this session."""
    request.session.pop(KEY, None)
