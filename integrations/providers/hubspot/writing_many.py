"""Write many contacts by one call, each of which is taken or refused by itself.

https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide
"""

from collections.abc import Mapping, Sequence

from integrations.http.client import ApiClient
from integrations.http.responses.shape import expect_list, expect_nothing, expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.api.refusals import refused_inputs
from integrations.providers.hubspot.listing.records import Reader
from integrations.providers.hubspot.writing import (
    IDENTITY,
    MORE_IDENTITIES,
    STAGE,
    after_writing,
    given_values,
    identities,
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


def create_many(
    api: ApiClient, collection: CollectionContext, new: Mapping[str, RawValues]
) -> WrittenMany:
    """Create up to a hundred contacts by one call, by the keys that they are given."""
    inputs = [
        {
            "properties": given_values(values),
            "associations": [],
            "objectWriteTraceId": key,
        }
        for key, values in new.items()
    ]
    path = f"{path_of(collection)}/batch/create"
    body = expect_object(api.post(path, json={"inputs": inputs}), "batch")
    keys = _keys_by_address(new)
    written = {}
    for row in expect_list(body.get("results"), "results"):
        each = to_written(row)
        # The order of the results is nobody's promise.
        key = expect_object(row, "record").get("objectWriteTraceId")
        if key is None:
            key = keys.get(str(each.values.get(IDENTITY)).casefold())
        if isinstance(key, str) and key in new:
            written[key] = each
    refused = {k: v for k, v in refused_inputs(body).items() if k in new}
    return WrittenMany(written=written, refused=refused)


def _keys_by_address(new: Mapping[str, RawValues]) -> dict[str, str]:
    return {str(values.get(IDENTITY)).casefold(): key for key, values in new.items()}


def find_many_existing(
    api: ApiClient, collection: CollectionContext, new: Mapping[str, RawValues]
) -> Mapping[str, str]:
    """Return the contacts that have the addresses of new ones now, by their keys."""
    keys = _keys_by_address(new)
    body = {
        "idProperty": IDENTITY,
        "properties": [IDENTITY, MORE_IDENTITIES],
        "propertiesWithHistory": [],
        "inputs": [{"id": str(values.get(IDENTITY))} for values in new.values()],
    }
    path = f"{path_of(collection)}/batch/read"
    answer = expect_object(api.post(path, json=body, is_read=True), "batch")
    found: dict[str, str] = {}
    for row in expect_list(answer.get("results"), "results"):
        written = to_written(row)
        for address in identities(written.values):
            if address in keys:
                found[keys[address]] = written.remote_id
    return found


def archive_many(
    api: ApiClient, collection: CollectionContext, remote_ids: Sequence[str]
) -> None:
    """Archive up to a hundred contacts by one call."""
    inputs = [{"id": remote_id} for remote_id in remote_ids]
    path = f"{path_of(collection)}/batch/archive"
    expect_nothing(api.post(path, json={"inputs": inputs}), "archive")


def fetch_many(
    reader: Reader, remote_ids: Sequence[str]
) -> Mapping[str, IntegrationItem]:
    """Return records as a sync reads them, by their ids."""
    found = reader.map_batch(reader.fetch_batch(remote_ids), None)
    return {item.id: item for item in found.mapped}
