"""Authorize at the simulated Notion, and read whole listings."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.sandbox.wsgi_client import Answer, Client, make_authorization, make_basic

API = "/notion/v1"
VERSION = {"Notion-Version": "2026-03-11"}
BASIC = {**VERSION, **make_basic("sandbox-notion", "sandbox-secret-notion")}
LANTERN = "7a1f0c52-6d0e-4b7c-9a53-2f1d8f6b4e10"
DROMEDARY = "1c8b7e66-3f52-4a19-8d20-b7a6c5d4e3f2"
INES = "5b0e3a1c-0d44-4f6a-8f0e-6a1b7c2d3e41"
TOMASZ = "c2d9a6f7-7b1e-4a35-b8c4-90e1f2a3b4c5"
NOUR = "e4f5a6b7-c8d9-4e0f-91a2-b3c4d5e6f708"


class NotionClient(Client):
    """Send requests as one connection would."""

    slug = "notion"
    authorize, token = f"{API}/oauth/authorize", f"{API}/oauth/token"
    authorization = make_authorization("notion", owner="user")
    identity = f"{LANTERN}:{INES}"
    allow, choice = "allow", "page:{}:"
    probe = f"{API}/users/me"
    credentials, app_fields, takes_json = BASIC, {}, True
    error_field = "code"

    def find(self, title: str, **query: str) -> dict[str, Any]:
        """Return what the control page knows of the object with a title."""
        found = self.query("records", title=title, **query)["records"]
        assert len(found) == 1, found
        return found[0]

    def id(self, title: str, **query: str) -> str:
        return str(self.find(title, **query)["id"])

    def show(self, object_id: str, path: str = "pages", **query: str) -> Answer:
        return self.get(f"{API}/{path}/{object_id}", **query)

    def children(self, block: str) -> dict[str, Any]:
        """Return the blocks inside another, by their ids."""
        return {each["id"]: each for each in self.walk(f"/blocks/{block}/children")}

    def markdown(self, title: str, **query: str) -> str:
        """Return the text of the page with a title."""
        return str(self.show(f"{self.id(title)}/markdown", **query).data["markdown"])

    def hits(self, **body: Any) -> list[str]:
        """Return the ids of all hits of a search."""
        return [hit["id"] for hit in self.walk("/search", body)]

    def connect(self, identity: str = "", **consent: Any) -> dict[str, Any]:
        """Connect; search knows of it."""
        tokens = super().connect(identity, **consent)
        if hasattr(self.clock, "now"):
            self.clock.now += 3
        return tokens

    def use(self, tokens: Mapping[str, Any]) -> None:
        self.headers = {**VERSION, "Authorization": f"Bearer {tokens['access_token']}"}

    def walk(self, url: str, body: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yield everything a listing holds, POSTed when there is a body."""
        more: dict[str, str] = {}
        while True:
            to = f"{API}{url}"
            answer = (
                self.get(to, **more) if body is None else self.post(to, body | more)
            )
            assert answer.status == 200, answer.text
            yield from answer.data["results"]
            more = {"start_cursor": answer.data["next_cursor"]}
            if not answer.data["has_more"]:
                return
