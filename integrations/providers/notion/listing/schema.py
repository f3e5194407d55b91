"""Read the columns of a data source, and the names of who is in them."""

from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError, NotFound, is_refusal, may_pass
from integrations.http.responses.shape import expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import CollectionDeletedError
from integrations.providers.kinds import DeletionKind
from integrations.providers.notion.ids import to_id
from integrations.providers.notion.mapping.items import is_trashed
from integrations.providers.notion.mapping.schema import (
    USERS,
    names_users,
    to_schema,
)
from integrations.providers.notion.mapping.titles import expect_title
from integrations.providers.notion.reading.people import fetch_users

PEOPLE: Final = "people"


def fetch_schema(api: ApiClient, context: CollectionContext) -> dict[str, Any]:
    """Return the columns of the data source, which proves that it is still there.

    Each has a title: an answer without one is no schema, and the kept one stays.
    """
    try:
        answer = api.get(f"/data_sources/{to_id(context.remote_id)}")
    except NotFound as exc:
        raise CollectionDeletedError(DeletionKind.DELETED_OR_UNSHARED) from exc
    source = expect_object(answer, "data source")
    if is_trashed(source):
        raise CollectionDeletedError(DeletionKind.TRASHED, is_proven=True)
    expect_title(source.get("properties"))
    schema = to_schema(source)
    if names_users(schema):
        known = context.schema.get(USERS)
        names: dict[str, str] = {}
        is_all = True
        try:
            names, is_all = fetch_users(api)
        except ApiError as exc:
            if not is_refusal(exc):
                raise
            schema["refused"].append(PEOPLE)
            schema["ask_again"] = may_pass(exc)
        schema[USERS] = {**(known or {}), **names}
        if not is_all:
            schema["refused"].append("more_people")
    return schema
