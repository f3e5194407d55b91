"""Sentences by code: what is said of reasons, deletions, waits and conditions.

They begin small, because they also stand behind a name; ``wording`` puts them together.
"""

from collections.abc import Mapping

from integrations.models.condition import Condition
from integrations.models.notices.notice_kind import NoticeKind
from integrations.models.reasons import ReasonCode, StateReason
from integrations.providers.kinds import DeletionKind

TEXTS: Mapping[ReasonCode, str] = {
    ReasonCode.NOT_EXHAUSTIVE: "the provider's search does not list everything",
    ReasonCode.VALUES_IN_PART: (
        "some long values are kept in part; the rest is at the provider"
    ),
    ReasonCode.FIELDS_CHANGED: (
        "fields were changed at the provider; what was not edited since is as before"
        " until the next full refresh"
    ),
    ReasonCode.DELETIONS_DISCARDED: "deletions were discarded by a user",
    ReasonCode.HOLD_SUPERSEDED: "deletions were held; everything is being read again",
    ReasonCode.RATE_LIMITED: "waiting for the provider's rate limit",
    ReasonCode.PROVIDER_DOWN: "the provider is not answering properly",
    ReasonCode.PROVIDER_PAUSED: "the provider refuses this site; its staff know",
    ReasonCode.NETWORK: "the provider could not be reached",
    ReasonCode.INTERMEDIARY: "a proxy or firewall answered in the provider's place",
    ReasonCode.DATABASE_AWAY: "this site's own database did not answer",
    ReasonCode.REFRESHING: "the key to the account is being refreshed",
    ReasonCode.NOTHING_SHARED: "nothing is shared yet",
    ReasonCode.NO_PERMISSION: "the permission for it is missing",
    ReasonCode.NOT_FOUND: "the provider has nothing there any more",
    ReasonCode.REQUEST_REFUSED: "the provider refused the request",
    ReasonCode.ODD_ANSWER: "the provider's answer was not understood",
    ReasonCode.QUOTA_EXHAUSTED: "the provider's quota is used up",
    ReasonCode.QUOTA_SPARED: (
        "half of the plan's calls of this month are used; it goes on in the next"
    ),
    ReasonCode.PLAN_UNKNOWN: (
        "it waits until you say which plan the account has: reading on could use up"
        " the calls that a small plan has in a month"
    ),
    ReasonCode.VALUES_REFUSED: "the provider does not take some of the values",
    ReasonCode.ITEM_DELETED: "it is not there any more",
    ReasonCode.ITEM_MERGED: "it was merged into another one",
    ReasonCode.CHANGED_THERE: "it was changed there after you opened the form",
    ReasonCode.EXISTS_THERE: "it is there already",
    ReasonCode.EDITING_OFF: "editing is switched off",
    ReasonCode.OVERWROTE: "it replaced a value that was saved there that very moment",
    ReasonCode.DISCARDED: "it was discarded",
    ReasonCode.DECIDED: "you decided on it",
    ReasonCode.TOKEN_REFUSED: "the provider refused the permission",
    ReasonCode.NO_TOKEN: "there is no usable permission",
    ReasonCode.LEASE_LOST: "it ended its worker three times",
    ReasonCode.CANCELLED: "it was cancelled",
    ReasonCode.CONNECTION_CHANGED: "the connection has changed",
    ReasonCode.SELECTION_CHANGED: "the choice of collections has changed",
    ReasonCode.RECONNECTED: "the connection was renewed",
    ReasonCode.DISCONNECTED: "the connection was disconnected",
    ReasonCode.MOVED: "the connection was moved to another server",
    ReasonCode.PAUSED: "the connection was paused",
    ReasonCode.COLLECTIONS: "not all collections could be read",
    ReasonCode.EMPTY: "there was nothing to read",
    ReasonCode.UNKNOWN: "for a reason that is not known any more",
}
# Why a connection is in its state.
STATES: Mapping[StateReason, str] = {
    StateReason.GRANT_REJECTED: (
        "the provider no longer accepts the permission you gave"
    ),
    StateReason.ROTATION_LOST: (
        "the provider changed its keys and the new ones never arrived"
    ),
    StateReason.DATABASE_RESTORED: (
        "this site was restored from a backup, and its permission has been renewed,"
        " replaced or ended since that backup was made"
    ),
    StateReason.CREDENTIAL_UNREADABLE: (
        "the stored permission cannot be read with today's keys"
    ),
    StateReason.SITE_KEY_WRONG: (
        "this site cannot open the permissions that it stores; its staff know, and"
        " reconnecting would not help"
    ),
    StateReason.UNAUTHORIZED: (
        "the provider refuses the permission although it looks valid"
    ),
    StateReason.PROVIDER_DOWN: "the provider is not answering properly",
    StateReason.PROVIDER_MISCONFIGURED: (
        "the provider refuses this site; its staff know"
    ),
    StateReason.MISSING_SCOPE: "some data needs a permission that was not given",
    StateReason.SYNC_FAILED: "the last sync did not finish",
    StateReason.QUARANTINED: "a sync ended its worker three times",
    StateReason.STALE: "the data is older than promised",
    StateReason.PAUSED_BY_USER: "you paused it",
    StateReason.PAUSED_BY_STAFF: "the staff of this site paused it",
    StateReason.DISCONNECTED_BY_USER: "you disconnected it",
    StateReason.DISCONNECTED_BY_STAFF: "the staff of this site disconnected it",
    StateReason.MOVED: (
        "another server reads this account now; nothing is read, refreshed or ended"
        " from here"
    ),
    StateReason.TAKEN_BACK: (
        "it came back from another server, which may use its permission still"
    ),
    StateReason.REMOVED_BY_USER: "it is being removed with all that was kept of it",
    StateReason.NOT_CONNECTED: "it is not connected",
}
DELETIONS: Mapping[DeletionKind, str] = {
    DeletionKind.DELETED: "deleted there",
    DeletionKind.ARCHIVED: "archived there",
    DeletionKind.TRASHED: "in the trash there",
    DeletionKind.MERGED: "merged into another one",
    DeletionKind.MOVED: "moved to another collection",
    DeletionKind.UNSHARED: "no longer shared",
    DeletionKind.DELETED_OR_MERGED: "deleted or merged there",
    DeletionKind.DELETED_OR_UNSHARED: "deleted or no longer shared",
    DeletionKind.DESELECTED: "not selected",
    DeletionKind.UNKNOWN: "no longer there",
}
# What is waited for, each by its own name; {provider} is the provider's.
WAITS: Mapping[ReasonCode, str] = {
    ReasonCode.RATE_LIMITED: "The rate limit of {provider} is reached",
    ReasonCode.PROVIDER_DOWN: "{provider} is not answering properly",
    ReasonCode.PROVIDER_PAUSED: "{provider} refuses this site; its staff know",
    ReasonCode.NETWORK: "{provider} could not be reached",
    ReasonCode.INTERMEDIARY: "A proxy or firewall answered in {provider}'s place",
    ReasonCode.DATABASE_AWAY: "This site's own database did not answer",
    ReasonCode.QUOTA_EXHAUSTED: "The quota of {provider} is used up",
    ReasonCode.ODD_ANSWER: "{provider}: the answer was not understood",
    ReasonCode.REFRESHING: "The key to the account is being refreshed",
    ReasonCode.NOTHING_SHARED: (
        "{provider} shows nothing yet; it takes a moment after sharing"
    ),
}
# What a user is told by mail: what it is, {name} the collection's, and what to do.
NOTICE_TITLES: Mapping[NoticeKind, str] = {
    NoticeKind.NEEDS_RECONNECT: "{provider} needs reconnecting: {account}",
    NoticeKind.STALE: "Data from {provider} is older than promised: {account}",
    NoticeKind.QUOTA: "Calls to {provider} are nearly used up: {account}",
    NoticeKind.NO_PERMISSION: "{name} in {provider} can no longer be read: {account}",
    NoticeKind.HELD: "Deletions in {name} wait for your decision: {account}",
    NoticeKind.PROVIDER_PAUSED: "{provider} refuses this site: {account}",
}
NOTICE_TEXTS: Mapping[NoticeKind, str] = {
    NoticeKind.NEEDS_RECONNECT: (
        "{why}. Everything read so far stays where it is. To go on, open the"
        " connection and press Reconnect."
    ),
    NoticeKind.STALE: (
        "The last sync that worked is longer ago than promised. What is stored is"
        " still shown. The connection's page says what it waits for."
    ),
    NoticeKind.QUOTA: (
        "Four fifths of the calls that {provider} grants the account are used. Sync it"
        " less often, or say which plan the account has, on the connection's page."
    ),
    NoticeKind.NO_PERMISSION: (
        "{provider} refuses what it let be read before. What was read stays. Give the"
        " permission there and reconnect, or stop reading it."
    ),
    NoticeKind.HELD: (
        "{why} were found in {name} at once. Nothing is deleted here before you have"
        " decided, on the connection's page."
    ),
    NoticeKind.PROVIDER_PAUSED: (
        "The staff of this site know. There is nothing that you have to do."
    ),
}
# What is said of a connection beside its badge; {why} is a reason in words.
CONDITIONS: Mapping[Condition, str] = {
    Condition.QUEUED: "{why}.",
    Condition.FIRST_SYNC: "What has been read can be used already.",
    Condition.NOT_READ: "The first sync has not been done: {why}.",
    Condition.WAITING: "{why}.",
    Condition.RETRYING: "{why}.",
    Condition.PARTIAL: "Not all of it is read: {why}.",
    Condition.HELD: "{why} for your decision.",
    Condition.UNSELECTED: "Choose what is read.",
    Condition.STALE: "The last sync is longer ago than promised.",
    Condition.TROUBLE: "{why}.",
    Condition.QUARANTINED: (
        "A sync ended its worker three times. It is not started again by itself."
    ),
    Condition.PROVIDER_PAUSED: (
        "{provider} refuses this site; its staff know."
        " It is read on for as long as its key lasts."
    ),
    Condition.NEEDS_RECONNECT: "{why}.",
    Condition.PAUSED: "{why}.",
    Condition.DISCONNECTED: "{why}.",
    Condition.KEPT: "{why}.",
    Condition.MOVED: "{why}.",
    Condition.DELETING: "Its items are being deleted here.",
    Condition.ERASING: "Its owner's account is being deleted.",
}
