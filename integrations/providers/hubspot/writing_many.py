"""Write many contacts by one call, each of which is taken or refused by itself."""

from collections.abc import Mapping, Sequence

from integrations.http.client import ApiClient
from integrations.http.shape import expect_list, expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.api.refusals import refused_inputs
from integrations.providers.hubspot.listing.records import Reader
from integrations.providers.hubspot.writing import (
    STAGE,
    after_writing,
    path_of,
    to_written,
)
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues, WrittenMany


def update_many(
    api: ApiClient, collection: CollectionContext, changes: Mapping[str, RawValues]
) -> WrittenMany:
    """Change up to a hundred contacts by one call, each of them by itself."""
    answer = _send_many(api, collection, changes)
    stages = {
        remote_id: values[STAGE]
        for remote_id, values in changes.items()
        if values.get(STAGE) and remote_id in answer.written
    }
    behind = {
        remote_id: stage
        for remote_id, stage in stages.items()
        if answer.written[remote_id].values.get(STAGE) != stage
    }
    if not behind:
        return answer
    again = _send_again(api, collection, {each: changes[each] for each in behind})
    written = {k: v for k, v in answer.written.items() if k not in behind}
    return WrittenMany(
        written={**written, **again.written},
        refused={**answer.refused, **again.refused},
    )


def _send_again(
    api: ApiClient, collection: CollectionContext, changes: Mapping[str, RawValues]
) -> WrittenMany:
    """Clear stages that have to go back, and send those that were cleared again."""
    with after_writing(is_cleared=False):
        clearing = {remote_id: {STAGE: ""} for remote_id in changes}
        cleared = _send_many(api, collection, clearing)
    left = {each: changes[each] for each in changes if each in cleared.written}
    if not left:
        return WrittenMany(written={}, refused=cleared.refused)
    with after_writing(is_cleared=True):
        again = _send_many(api, collection, left)
    for exc in again.refused.values():
        exc.has_written = True
    return WrittenMany(
        written=again.written, refused={**cleared.refused, **again.refused}
    )


def _send_many(
    api: ApiClient, collection: CollectionContext, changes: Mapping[str, RawValues]
) -> WrittenMany:
    # A trace id on each makes HubSpot answer for each, instead of refusing all for one.
    inputs = [
        {"id": key, "properties": dict(values), "objectWriteTraceId": key}
        for key, values in changes.items()
    ]
    path = f"{path_of(collection)}/batch/update"
    body = expect_object(api.post(path, json={"inputs": inputs}), "batch")
    written = [to_written(row) for row in expect_list(body.get("results"), "results")]
    return WrittenMany(
        written={each.remote_id: each for each in written if each.remote_id in changes},
        refused={k: v for k, v in refused_inputs(body).items() if k in changes},
    )


def fetch_many(
    reader: Reader, remote_ids: Sequence[str]
) -> Mapping[str, IntegrationItem]:
    """Return records as a sync reads them, by their ids."""
    found = reader.map_batch(reader.fetch_batch(remote_ids), None)
    return {item.id: item for item in found.mapped}
