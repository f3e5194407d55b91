"""Choose digests, change what is followed, and let time pass."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Item, ItemChange, NoticeSettings, SavedView
from integrations.services.notices import sending
from integrations.services.notices.following import digests

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def change(item: Item, **values: Any) -> ItemChange:
    # Long enough ago for nothing older to be stored any more.
    now = timezone.now() - timedelta(minutes=1)
    Item.objects.filter(pk=item.pk).update(changed_at=now)
    told = {
        "kind": "changed",
        "fields": {"properties.phone": ["1", "2"]},
        "at": now,
        **values,
    }
    return ItemChange.objects.create(item=item, connection=item.connection, **told)


def tick(now: datetime) -> None:
    digests.plan_due(now=now)
    sending.send_due(now=now)


def choose(user: User, **values: Any) -> NoticeSettings:
    chosen, _ = NoticeSettings.objects.update_or_create(
        user=user,
        defaults={
            "digest": "daily",
            "digest_due_at": timezone.now() + HOUR,
            "digest_until": timezone.now() - HOUR,
            **values,
        },
    )
    return chosen


def view_of(user: User, collection: Collection, **values: Any) -> SavedView:
    return SavedView.objects.create(
        owner=user,
        name="Calls",
        provider=collection.connection.provider,
        account_id=collection.connection.remote_id,
        collection_id=collection.remote_id,
        collection_name=collection.name,
        item_type=collection.item_type,
        **values,
    )
