"""Sealing of what a user has uploaded: it is theirs, and nobody's to read in a row."""

import json
from collections.abc import Mapping
from typing import Any, Final

from integrations.http.secrets import Secret
from integrations.models import ImportRow
from integrations.services.common.sealing import crypto

PURPOSE: Final = "import"


def associated_data(row: ImportRow) -> str:
    """Return what binds a sealed content to its row."""
    key = f"{row.source_id}:{row.number}"
    return crypto.associated_data("integrations_importrow", "content", key)


def seal(row: ImportRow, content: Mapping[str, Any]) -> str:
    """Encrypt what a row holds."""
    text = Secret(json.dumps(content, ensure_ascii=False))
    return crypto.seal(text, purpose=PURPOSE, associated_data=associated_data(row))


def unseal(row: ImportRow) -> dict[str, Any]:
    """Decrypt what a row holds, nothing of one whose content was deleted."""
    if not row.content:
        return {}
    data = associated_data(row)
    text = crypto.unseal(row.content, purpose=PURPOSE, associated_data=data)
    content: dict[str, Any] = json.loads(text.reveal())
    return content
