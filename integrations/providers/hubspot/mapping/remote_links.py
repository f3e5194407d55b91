"""Turn the kept associations of a record into its links."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.providers.hubspot.mapping.links import LABELS, NO_PRIMARY, PREFIX
from integrations.providers.hubspot.objects import COMPANIES, OBJECT_TYPES
from integrations.providers.links import RemoteLink


def to_remote_links(
    properties: Mapping[str, Any], parent_id: str | None
) -> Iterator[RemoteLink]:
    """Yield a link for each associated record; a primary company is the parent."""
    primary = None if properties.get(NO_PRIMARY) is True else parent_id
    for to in OBJECT_TYPES:
        name = f"{PREFIX}{to}"
        ids = properties.get(name)
        if not isinstance(ids, list):
            continue
        labels = properties.get(f"{name}{LABELS}")
        for each in dict.fromkeys(i for i in ids if isinstance(i, str) and i):
            yield RemoteLink(
                relation=name,
                target_id=each,
                target_collection=to,
                is_primary=to == COMPANIES.remote_id and each == primary,
                labels=_labels_of(each, labels),
            )


def _labels_of(remote_id: str, labels: object) -> tuple[str, ...]:
    """Return what a record calls another, none where that is not told as it should."""
    told = labels.get(remote_id) if isinstance(labels, dict) else None
    return tuple(map(str, told)) if isinstance(told, list) else ()
