"""Remember users' connections, what is in them, and what happened."""

from integrations.models.accounts.audit import AuditEvent
from integrations.models.accounts.erasure import AccountErasure
from integrations.models.accounts.preferences import Preferences
from integrations.models.accounts.sign_in_method import SuspendedSignInMethod
from integrations.models.accounts.sign_in_try import SignInTry
from integrations.models.collection import Collection, SeenBlock
from integrations.models.connection import Connection
from integrations.models.grants.credential import Credential, RefreshAttempt
from integrations.models.grants.grant import (
    AuthorizationState,
    FailedRevocation,
    MovedGrant,
    PendingRevocation,
)
from integrations.models.grants.provider_state import (
    CheckReport,
    Heartbeat,
    ProviderState,
)
from integrations.models.items.content import ItemContent
from integrations.models.items.count import CollectionCount
from integrations.models.items.download import Download, DownloadPart
from integrations.models.items.item import Item, ItemChange
from integrations.models.items.link import ItemLink
from integrations.models.items.own_column import OwnColumn, OwnValue
from integrations.models.items.record_digests import RecordDigests
from integrations.models.items.saved_view import SavedView, ViewFeed
from integrations.models.items.search_state import SearchState
from integrations.models.items.table import PropertyIndex, PropertyValue, TableLayout
from integrations.models.notices.notice import Follow, Incident, Notice, NoticeSettings
from integrations.models.notices.notice_kind import NoticeKind
from integrations.models.sync.run import SyncRun
from integrations.models.sync.spot_check import SpotCheck
from integrations.models.writing.bulk_edit import BulkEdit
from integrations.models.writing.edit import Edit
from integrations.models.writing.imports import Import, ImportRow

__all__ = [
    "AccountErasure",
    "AuditEvent",
    "AuthorizationState",
    "BulkEdit",
    "CheckReport",
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
    "RecordDigests",
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
