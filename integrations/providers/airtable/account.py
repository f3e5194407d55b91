"""Find out whose grant it is: Airtable tells an id, and an e-mail if allowed."""

from integrations.http.client import ApiClient
from integrations.http.shape import expect_object
from integrations.oauth.tokens import TokenSet
from integrations.providers.airtable.ids import USER, to_id
from integrations.providers.records import RemoteAccount
from integrations.providers.values import one_line, to_scopes


def identify(tokens: TokenSet, *, api: ApiClient) -> RemoteAccount:
    """Return the account; only its id is sure, and the e-mail proves nothing."""
    about = expect_object(api.get("/meta/whoami"), "whoami")
    user_id = to_id(about.get("id"), USER)
    email = one_line(about.get("email"))
    told = to_scopes(about.get("scopes"))
    scopes = told if told is not None else tokens.scopes
    return RemoteAccount(
        remote_id=user_id,
        name=email or f"Airtable {user_id}",
        scopes=scopes,
        details={"user_id": user_id, "email": email},
    )
