"""Turn the kept associations of a record into its links."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.providers.hubspot.mapping.links import PREFIX
from integrations.providers.hubspot.objects import COMPANIES, OBJECT_TYPES
from integrations.providers.links import RemoteLink


def to_remote_links(
    properties: Mapping[str, Any], parent_id: str | None
) -> Iterator[RemoteLink]:
    """Yield a link for each associated record; the primary company is the parent."""
    for to in OBJECT_TYPES:
        name = f"{PREFIX}{to}"
        ids = properties.get(name)
        if not isinstance(ids, list):
            continue
        known = [each for each in ids if isinstance(each, str) and each]
        for each in dict.fromkeys(known):
            yield RemoteLink(
                relation=name,
                target_id=each,
                target_collection=to,
                is_primary=to == COMPANIES.remote_id and each == parent_id,
            )
