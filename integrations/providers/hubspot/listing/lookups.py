"""Read the names behind the ids that deals and owners are stored as.

They are labels only. What refuses them for good costs the names and not the records;
a refused token or a passing trouble is told to whoever may try again. An answer that
cannot be true is none: a portal always has a pipeline with a stage, and an owner.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    InvalidResponse,
    Transient,
    Unauthorized,
)
from integrations.http.shape import expect_object, expect_text, objects
from integrations.providers.hubspot.api.paging import next_after
from integrations.providers.hubspot.mapping.fields import MAX_LABEL
from integrations.providers.listing import first_pages, read_rows
from integrations.providers.records import tell_apart
from integrations.providers.values import one_line, to_id

logger = logging.getLogger(__name__)

# https://developers.hubspot.com/changelog (owners, on the end of version 2)
OWNERS_PER_PAGE = 500
MAX_OWNER_PAGES = 50

Names = dict[str, dict[str, str]]
# A name, and what tells it from another one of the same name.
Hinted = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Lookups:
    """Names by lookup and id; ``is_odd`` when an answer was none that can be true."""

    names: Names
    is_odd: bool = False


def fetch_lookups(
    api: ApiClient, version: str, *, with_pipelines: bool, with_owners: bool
) -> Lookups:
    """Return the names of owners, and of pipelines and their stages, if readable."""
    asked: list[Lookups] = []
    if with_pipelines:
        asked.append(_if_readable(lambda: _fetch_pipelines(api, version), Names()))
    if with_owners:
        nobody: Names = {"owner": {}}
        asked.append(_if_readable(lambda: _fetch_all_owners(api, version), nobody))
    names = {name: ids for each in asked for name, ids in each.names.items()}
    return Lookups(names=names, is_odd=any(each.is_odd for each in asked))


def _if_readable(fetch: Callable[[], Names], otherwise: Names) -> Lookups:
    try:
        return Lookups(names=fetch())
    except (Unauthorized, Transient):
        raise
    except ApiError as exc:
        logger.warning(
            "no labels error=%s status=%s correlation_id=%s",
            type(exc).__name__,
            exc.status,
            exc.correlation_id,
        )
        return Lookups(names=otherwise, is_odd=isinstance(exc, InvalidResponse))


def _fetch_pipelines(api: ApiClient, version: str) -> Names:
    """Return the labels of deal pipelines and of their stages.

    A stage id is unique across pipelines in practice, so one table is enough.
    """
    body = expect_object(api.get(f"/crm/pipelines/{version}/deals"), "pipelines")
    pipelines: dict[str, Hinted] = {}
    stages: dict[str, Hinted] = {}
    for pipeline in objects(body, "results"):
        key, label = _label(pipeline)
        pipelines[key] = label, key
        for stage in objects(pipeline, "stages"):
            key, name = _label(stage)
            stages[key] = name, label
    if not stages:
        raise InvalidResponse("HubSpot named no stages of deals, which it always has")
    return {"pipeline": _apart(pipelines), "stage": _apart(stages)}


def _fetch_all_owners(api: ApiClient, version: str) -> Names:
    """Return the names of owners, those who have left among them.

    Records keep the ids of users who have left.
    """
    left = _fetch_owners(api, version, archived=True)
    present = _fetch_owners(api, version, archived=False)
    if not present:
        raise InvalidResponse("HubSpot named no owners, of whom there is always one")
    return {"owner": _apart(left | present)}


def _fetch_owners(api: ApiClient, version: str, *, archived: bool) -> dict[str, Hinted]:
    def fetch(after: str | None) -> tuple[dict[str, Hinted], str | None]:
        params = {"limit": OWNERS_PER_PAGE, "archived": archived, "after": after}
        body = expect_object(api.get(f"/crm/owners/{version}", params=params), "owners")
        owners = read_rows(body, "results", _to_owner).mapped
        return dict(owners), next_after(body, after)

    owners: dict[str, Hinted] = {}
    for page in first_pages(fetch, most=MAX_OWNER_PAGES):
        owners |= page
    left = " (deactivated)" if archived else ""
    return {
        key: (f"{name}{left}", email) for key, (name, email) in owners.items() if name
    }


def _to_owner(owner: dict[str, Any]) -> tuple[str, Hinted]:
    email = one_line(owner.get("email"))[:MAX_LABEL]
    return to_id(owner.get("id")), (_owner_name(owner), email)


def _owner_name(owner: dict[str, Any]) -> str:
    parts = [one_line(owner.get(key)) for key in ("firstName", "lastName")]
    name = " ".join(filter(None, parts)) or one_line(owner.get("email"))
    return name[:MAX_LABEL]


def _label(entry: dict[str, Any]) -> tuple[str, str]:
    label = expect_text(entry.get("label"), "label")
    return to_id(entry.get("id")), label[:MAX_LABEL]


def _apart(names: dict[str, Hinted]) -> dict[str, str]:
    return dict(zip(names, tell_apart([*names.values()]), strict=True))
