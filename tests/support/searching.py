"""Search as the items' list does, for tests of what is indexed."""

from django.contrib.auth.models import User

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.search import full_text
from integrations.services.items.search.search_query import SearchQuery


def found_by(user: User, text: str) -> ItemQuerySet:
    """Return the items of a user that hold every word of a text."""
    condition = SearchQuery.parse(text, owner_id=user.pk).condition
    return full_text.ask_index(condition).among(Item.objects.owned_by(user))
