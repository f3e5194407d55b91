"""Keep views: bounded in number and size, and no two of a list by one name."""

from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from integrations.models import Collection, SavedView
from integrations.models.items.saved_view import SavedViewQuerySet
from integrations.services.common import audit
from integrations.services.items.saved_views.snapshot import Snapshot, account_of

MOST_VIEWS: Final = 100
# Longer addresses are refused by servers and by some browsers.
MOST_LENGTH: Final = 3000
TOO_MANY = f"You have {MOST_VIEWS} views, and there can be no more. Delete one first."
TOO_LONG = "This is too much for one view. Remove some of its filters or columns."
NAME_TAKEN = "You have a view of this list by that name already."
DEFAULT_TAKEN_CODE: Final = "default_taken"
DEFAULT_TAKEN = "The list was just given another view to open with. Save it once more."


def create(
    user: User, collection: Collection | None, name: str, taken: Snapshot
) -> SavedView:
    """Store a new view of a collection, or of everything; refuses with a reason."""
    view = SavedView(owner=user, name=name, **_target(collection), **_content(taken))
    return _insert(view)


def _insert(view: SavedView) -> SavedView:
    if SavedView.objects.filter(owner=view.owner_id).count() >= MOST_VIEWS:
        raise ValidationError(TOO_MANY, code="too_many_views")
    return _save(view)


def _save(view: SavedView, *names: str) -> SavedView:
    try:
        with transaction.atomic():
            view.save(update_fields=names or None)
    except IntegrityError as exc:
        same_name = siblings(view).filter(name=view.name).exclude(pk=view.pk)
        if view.is_default and not same_name.exists():
            raise ValidationError(DEFAULT_TAKEN, code=DEFAULT_TAKEN_CODE) from exc
        raise ValidationError(NAME_TAKEN, code="name_taken") from exc
    return view


def _target(collection: Collection | None) -> dict[str, Any]:
    if collection is None:
        return {}
    return {
        **account_of(collection.connection),
        "collection_id": collection.remote_id,
        "collection_name": collection.name,
        "item_type": collection.item_type,
    }


def _content(taken: Snapshot) -> dict[str, Any]:
    if taken.length > MOST_LENGTH:
        raise ValidationError(TOO_LONG, code="view_too_long")
    return {
        "parameters": [list(pair) for pair in taken.parameters],
        "columns": list(taken.columns),
        "density": taken.density,
        "names": dict(taken.names),
    }


def overwrite(view: SavedView, taken: Snapshot) -> None:
    """Replace what a view shows."""
    content = _content(taken)
    for name, value in content.items():
        setattr(view, name, value)
    _save(view, *content)


def change(
    view: SavedView, *, name: str, is_default: bool, is_shared: bool, user: User
) -> None:
    """Rename a view, open its list with it or not, share it or not."""
    was_shared = view.is_shared
    with transaction.atomic():
        if is_default:
            siblings(view).filter(is_default=True).exclude(pk=view.pk).update(
                is_default=False
            )
        view.name, view.is_default, view.is_shared = name, is_default, is_shared
        _save(view, "name", "is_default", "is_shared")
        if is_shared is not was_shared:
            event = "view.shared" if is_shared else "view.unshared"
            audit.record(event, user=user, subject=view.pk)


def siblings(view: SavedView) -> SavedViewQuerySet:
    """Return the views that the same user has of the same list."""
    return SavedView.objects.filter(
        owner=view.owner_id,
        provider=view.provider,
        account_id=view.account_id,
        is_sandbox=view.is_sandbox,
        collection_id=view.collection_id,
    )


def duplicate(view: SavedView) -> SavedView:
    """Store a copy of a view under a name of its own; only its content is copied."""
    taken = set(siblings(view).values_list("name", flat=True))
    stem = f"Copy of {view.name}"
    names = [stem[:80], *(f"{stem[:74]} {number}" for number in range(2, 200))]
    return _insert(
        SavedView(
            owner_id=view.owner_id,
            name=next(each for each in names if each not in taken),
            provider=view.provider,
            account_id=view.account_id,
            is_sandbox=view.is_sandbox,
            collection_id=view.collection_id,
            collection_name=view.collection_name,
            item_type=view.item_type,
            parameters=view.parameters,
            columns=view.columns,
            density=view.density,
            names=view.names,
        )
    )


def visible_to(user: User) -> SavedViewQuerySet:
    """Return the views that a user may open: their own, and those shared by a link."""
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True))
