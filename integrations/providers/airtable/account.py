"""Find out whose grant it is: Airtable tells an id, and an e-mail if allowed."""

from integrations.http.responses.shape import expect_object
from integrations.providers.airtable.ids import USER, to_id
from integrations.providers.connector import NewGrant
from integrations.providers.records import RemoteAccount
from integrations.providers.typed.values import one_line, to_scopes


def identify(grant: NewGrant) -> RemoteAccount:
    """Return the account; only its id is sure, and the e-mail proves nothing."""
    about = expect_object(grant.api.get("/meta/whoami"), "whoami")
    user_id = to_id(about.get("id"), USER)
    email = one_line(about.get("email"))
    return RemoteAccount(
        remote_id=user_id,
        name=email or f"Airtable {user_id}",
        scopes=to_scopes(about.get("scopes")),
        details={"user_id": user_id, "email": email},
    )
