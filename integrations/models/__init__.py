"""Remember users' connections, what is in them, and what happened."""

from integrations.models.audit import AuditEvent
from integrations.models.bulk_edit import BulkEdit
from integrations.models.collection import Collection, SeenBlock
from integrations.models.connection import Connection
from integrations.models.content import ItemContent
from integrations.models.count import CollectionCount
from integrations.models.credential import Credential, RefreshAttempt
from integrations.models.download import Download, DownloadPart
from integrations.models.edit import Edit
from integrations.models.erasure import AccountErasure
from integrations.models.grant import (
    AuthorizationState,
    FailedRevocation,
    MovedGrant,
    PendingRevocation,
)
from integrations.models.imports import Import, ImportRow
from integrations.models.item import Item, ItemChange
from integrations.models.link import ItemLink
from integrations.models.notice import Follow, Incident, Notice, NoticeSettings
from integrations.models.notice_kind import NoticeKind
from integrations.models.own_column import OwnColumn, OwnValue
from integrations.models.preferences import Preferences
from integrations.models.provider_state import Heartbeat, ProviderState
from integrations.models.run import SyncRun
from integrations.models.saved_view import SavedView, ViewFeed
from integrations.models.search_state import SearchState
from integrations.models.sign_in_method import SuspendedSignInMethod
from integrations.models.sign_in_try import SignInTry
from integrations.models.spot_check import SpotCheck
from integrations.models.table import PropertyIndex, PropertyValue, TableLayout

__all__ = [
    "AccountErasure",
    "AuditEvent",
    "AuthorizationState",
    "BulkEdit",
    "Collection",
    "CollectionCount",
    "Connection",
    "Credential",
    "Download",
    "DownloadPart",
    "Edit",
    "FailedRevocation",
    "Follow",
    "Heartbeat",
    "Import",
    "ImportRow",
    "Incident",
    "Item",
    "ItemChange",
    "ItemContent",
    "ItemLink",
    "MovedGrant",
    "Notice",
    "NoticeKind",
    "NoticeSettings",
    "OwnColumn",
    "OwnValue",
    "PendingRevocation",
    "Preferences",
    "PropertyIndex",
    "PropertyValue",
    "ProviderState",
    "RefreshAttempt",
    "SavedView",
    "SearchState",
    "SeenBlock",
    "SignInTry",
    "SpotCheck",
    "SuspendedSignInMethod",
    "SyncRun",
    "TableLayout",
    "ViewFeed",
]
