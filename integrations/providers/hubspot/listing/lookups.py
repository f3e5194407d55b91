"""Read the names behind the ids that deals and owners are stored as.

They are labels only. What refuses them for good costs the names and not the records;
a refused token or a passing trouble is told to whoever may try again.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError, Transient, Unauthorized
from integrations.http.shape import expect_object, expect_text, objects
from integrations.providers.hubspot.api.paging import next_after
from integrations.providers.hubspot.mapping.fields import MAX_LABEL
from integrations.providers.listing import first_pages, read_rows
from integrations.providers.values import one_line, to_id

logger = logging.getLogger(__name__)

MAX_OWNER_PAGES = 50
OWNERS_PER_PAGE = 100

T = TypeVar("T")


def fetch_pipelines(api: ApiClient, version: str) -> dict[str, dict[str, str]]:
    """Return the labels of deal pipelines and of their stages, by id, if readable.

    A stage id is unique across pipelines in practice, so one table is enough.
    """
    return _or_nothing(lambda: _fetch_pipelines(api, version))


def fetch_owners(api: ApiClient, version: str) -> dict[str, str]:
    """Return the names of owners by id, none when they may not be read.

    Records keep the ids of users who have left, so those are asked for as well.
    """

    def fetch() -> dict[str, str]:
        left = _fetch_owners(api, version, archived=True)
        return left | _fetch_owners(api, version, archived=False)

    return _or_nothing(fetch)


def _or_nothing(fetch: Callable[[], dict[str, T]]) -> dict[str, T]:
    try:
        return fetch()
    except (Unauthorized, Transient):
        raise
    except ApiError as exc:
        logger.warning(
            "no labels error=%s status=%s correlation_id=%s",
            type(exc).__name__,
            exc.status,
            exc.correlation_id,
        )
        return {}


def _fetch_pipelines(api: ApiClient, version: str) -> dict[str, dict[str, str]]:
    body = expect_object(api.get(f"/crm/pipelines/{version}/deals"), "pipelines")
    pipelines: dict[str, str] = {}
    stages: dict[str, str] = {}
    for pipeline in objects(body, "results"):
        pipelines |= _label(pipeline)
        for stage in objects(pipeline, "stages"):
            stages |= _label(stage)
    return {"pipeline": pipelines, "stage": stages}


def _fetch_owners(api: ApiClient, version: str, *, archived: bool) -> dict[str, str]:
    def fetch(after: str | None) -> tuple[dict[str, str], str | None]:
        params = {"limit": OWNERS_PER_PAGE, "archived": archived, "after": after}
        body = expect_object(api.get(f"/crm/owners/{version}", params=params), "owners")
        owners = read_rows(body, "results", _to_owner).mapped
        return dict(owners), next_after(body, after)

    owners: dict[str, str] = {}
    for page in first_pages(fetch, most=MAX_OWNER_PAGES):
        owners |= page
    left = " (deactivated)" if archived else ""
    return {key: f"{name}{left}" for key, name in owners.items() if name}


def _to_owner(owner: dict[str, Any]) -> tuple[str, str]:
    return to_id(owner.get("id")), _owner_name(owner)


def _owner_name(owner: dict[str, Any]) -> str:
    parts = [one_line(owner.get(key)) for key in ("firstName", "lastName")]
    name = " ".join(filter(None, parts)) or one_line(owner.get("email"))
    return name[:MAX_LABEL]


def _label(entry: dict[str, Any]) -> dict[str, str]:
    label = expect_text(entry.get("label"), "label")
    return {to_id(entry.get("id")): label[:MAX_LABEL]}
