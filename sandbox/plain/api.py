"""Describe the calls of a plain provider's API."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from sandbox.core.provider import Account, User
from sandbox.core.serving.web import ApiRefusal, Request, Response, to_json
from sandbox.core.state import Sandbox
from sandbox.core.times import to_ms
from sandbox.oauth.grants import Token
from sandbox.plain.records import Kind, Place, Record, to_record


def answer_error(status: int, message: str) -> Response:
    """Answer an error in the envelope of a plain provider."""
    return to_json({"error": {"status": status, "message": message}}, status)


def refuse(status: int, message: str) -> ApiRefusal:
    return ApiRefusal(lambda _: answer_error(status, message))


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list, and the cursor of the next one, if there is one."""

    records: Sequence[Record]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the API whose token is good."""

    sandbox: Sandbox
    request: Request
    token: Token
    account: Account

    @property
    def user(self) -> User:
        return next(p for p in self.account.people if p.id == self.token.user)

    def read_page(self, kind: Kind, *, size: int, since: str = "") -> Page:
        """Return the page that the query's `cursor` names, changed since a moment."""
        cursor = self.request.query.get("cursor") or "0"
        moment = to_ms(since) if since else 0
        if not cursor.isdigit() or moment is None:
            raise refuse(400, "the cursor or the time is not valid")
        place = Place(self.sandbox, self.token.provider, self.account.id, kind)
        rows = place.list(limit=size + 1, offset=int(cursor), since=moment)
        more = str(int(cursor) + size) if len(rows) > size else None
        return Page(records=[to_record(row) for row in rows[:size]], next_cursor=more)


@dataclass(frozen=True)
class Api:
    """One address of the API: a method, a path, a handler and the scope it needs."""

    method: str
    path: str
    handler: Callable[[Call], Response]
    _: KW_ONLY
    scope: str = ""
    families: str = "api"
