"""Template tag for the token of a form, which also tells who was given the form."""

from typing import Any

from django import template
from django.contrib.auth.base_user import AbstractBaseUser
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

TOKEN, SENDER = "csrfmiddlewaretoken", "form_sender"
FIELD = '<input type="hidden" name="{}" value="{}">'


class TokenNode(CsrfTokenNode):
    """Hidden fields of a form: Django's token, and a digest of the signed-in user."""

    def render(self, context: Context) -> SafeString:
        """Render the token, and the sender unless nobody is signed in."""
        token = super().render(context)
        # A part of a page may be given nothing else of it.
        request: Any = getattr(context, "request", None)
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return SafeString(token)
        # A page has several forms.
        if not hasattr(request, SENDER):
            setattr(request, SENDER, sender_of(user))
        return format_html("{}" + FIELD, token, SENDER, getattr(request, SENDER))


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> TokenNode:
    """Take the place of Django's tag, which every form has."""
    return TokenNode()


def sender_of(user: AbstractBaseUser) -> str:
    """Return what names a user in forms and tells nothing of them."""
    return salted_hmac(SENDER, str(user.pk), algorithm="sha256").hexdigest()[:32]


def is_sender(user: AbstractBaseUser, told: str) -> bool:
    """Tell whether a form was given to this user."""
    return constant_time_compare(sender_of(user), told)
