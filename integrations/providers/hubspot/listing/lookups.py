"""Read the names behind the ids that deals and owners are stored as.

They are labels only, and each call is optional: what is refused costs its names and
not the records. A refused token or a limit is told to whoever may try again. An answer
that cannot be true is none: a portal always has a pipeline with a stage, and an owner.
"""

import logging
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    InvalidResponse,
    is_refusal,
    may_pass,
)
from integrations.http.once import get_once
from integrations.http.responses.shape import expect_object, expect_text, objects
from integrations.providers.hubspot.api.paging import next_after
from integrations.providers.hubspot.mapping.display import OWNER_EMAILS
from integrations.providers.hubspot.mapping.fields import MAX_LABEL, in_display_order
from integrations.providers.listing import read_pages, read_rows
from integrations.providers.records import tell_apart
from integrations.providers.typed.values import cut, one_line, to_id

logger = logging.getLogger(__name__)

# https://developers.hubspot.com/changelog (owners, on the end of version 2)
OWNERS_PER_PAGE = 500
MAX_OWNER_PAGES = 50
MORE_OWNERS = "more_owners"
# Behind the names of owners who have left: records hold them, and no form offers them.
DEACTIVATED = " (deactivated)"

Names = dict[str, dict[str, str]]
# A name, and what tells it from another one of the same name.
Hinted = tuple[str, str]
Found = dict[str, dict[str, Hinted]]


class Lookups(Struct, frozen=True, kw_only=True):
    """Names by lookup and id, and which of the calls for them were ``refused``.

    Among those are names of whom there are more than are read. ``ask_again`` when an
    answer was none that can be true, or a passing trouble.
    """

    names: Names
    refused: tuple[str, ...] = ()
    ask_again: bool = False


def fetch_lookups(
    api: ApiClient, version: str, *, with_pipelines: bool, with_owners: bool
) -> Lookups:
    """Return the names of owners, and of pipelines and their stages, if readable.

    Records keep the ids of owners who have left; those are asked for last, and not
    where the others were refused already.
    """
    calls: dict[str, Callable[[], Found]] = {}
    if with_pipelines:
        calls["pipelines"] = lambda: _fetch_pipelines(api, version)
    if with_owners:
        calls["owners"] = lambda: _fetch_owners(api, version, more, archived=False)
        calls["archived_owners"] = lambda: _fetch_owners(
            api, version, more, archived=True
        )
    found: Found = {"owner": {}} if with_owners else {}
    failed: dict[str, ApiError] = {}
    more: list[str] = []
    for name, fetch in calls.items():
        if name == "archived_owners" and "owners" in failed:
            continue
        try:
            told = fetch()
        except ApiError as exc:
            if not is_refusal(exc):
                raise
            failed[name] = exc
            _log(name, exc)
        else:
            found |= {key: {**ids, **found.get(key, {})} for key, ids in told.items()}
    names = {key: _apart(ids) for key, ids in found.items()}
    if emails := {k: email for k, (_, email) in found.get("owner", {}).items()}:
        names[OWNER_EMAILS] = emails
    return Lookups(
        names=names,
        refused=(*failed, *more),
        ask_again=any(map(may_pass, failed.values())),
    )


def _log(name: str, exc: ApiError) -> None:
    logger.warning(
        "no labels of=%s error=%s status=%s correlation_id=%s",
        name,
        type(exc).__name__,
        exc.status,
        exc.correlation_id,
    )


def _fetch_pipelines(api: ApiClient, version: str) -> Found:
    """Return the labels of deal pipelines and of their stages.

    A stage id is unique across pipelines in practice, so one table is enough.
    """
    body = expect_object(api.get(f"/crm/pipelines/{version}/deals"), "pipelines")
    pipelines: dict[str, Hinted] = {}
    stages: dict[str, Hinted] = {}
    for pipeline in in_display_order(objects(body, "results")):
        key, label = _label(pipeline)
        pipelines[key] = label, key
        for stage in in_display_order(objects(pipeline, "stages")):
            key, name = _label(stage)
            stages[key] = name, label
    if not stages:
        raise InvalidResponse("HubSpot named no stages of deals, which it always has")
    return {"pipeline": pipelines, "stage": stages}


def _fetch_owners(
    api: ApiClient, version: str, more: list[str], *, archived: bool
) -> Found:
    """Return the names of owners: they are the account's, and asked for once a run.

    Where there are more of them than are read, that is put into ``more``.
    """

    def fetch(after: str | None) -> tuple[dict[str, Hinted], str | None]:
        def read(answer: Any) -> tuple[dict[str, Hinted], str | None]:
            body = expect_object(answer, "owners")
            owners = read_rows(body, "results", _to_owner).mapped
            return dict(owners), next_after(body, after)

        return get_once(
            api,
            f"/crm/owners/{version}",
            read,
            params={"limit": OWNERS_PER_PAGE, "archived": archived, "after": after},
            is_whole=lambda page: archived or bool(page[0]),
        )

    owners: dict[str, Hinted] = {}
    pages, is_all = read_pages(fetch, most=MAX_OWNER_PAGES)
    for page in pages:
        owners |= page
    if not is_all and MORE_OWNERS not in more:
        more.append(MORE_OWNERS)
    if not owners and not archived:
        raise InvalidResponse("HubSpot named no owners, of whom there is always one")
    left = DEACTIVATED if archived else ""
    named = {key: each for key, each in owners.items() if each[0]}
    return {"owner": {key: (f"{name}{left}", e) for key, (name, e) in named.items()}}


def _to_owner(owner: dict[str, Any]) -> tuple[str, Hinted]:
    email = one_line(owner.get("email"), limit=MAX_LABEL)
    return to_id(owner.get("id")), (_owner_name(owner), email)


def _owner_name(owner: dict[str, Any]) -> str:
    parts = [one_line(owner.get(key)) for key in ("firstName", "lastName")]
    name = " ".join(filter(None, parts)) or one_line(owner.get("email"))
    return cut(name, MAX_LABEL)


def _label(entry: dict[str, Any]) -> tuple[str, str]:
    label = expect_text(entry.get("label"), "label")
    return to_id(entry.get("id")), cut(label, MAX_LABEL)


def _apart(names: dict[str, Hinted]) -> dict[str, str]:
    return dict(zip(names, tell_apart([*names.values()]), strict=True))
