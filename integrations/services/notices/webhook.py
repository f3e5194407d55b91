"""Webhook of the operators, as Slack's incoming webhooks take it.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import json
from collections.abc import Sequence

from django.conf import settings

from integrations.http.errors import ApiError
from integrations.http.sending.transport import Request, Timeouts
from integrations.models import Notice
from integrations.services.common.clients import oauth_clients
from integrations.services.notices.mails import entry_of, site_text

TIMEOUTS = Timeouts(connect=3, read=5, total=8)
MAX_BYTES = 64 * 1024


class WebhookError(Exception):
    """The receiver did not take a message; the text names no address."""


def post(notices: Sequence[Notice]) -> None:
    """Post one message with all that operators are to be told now."""
    text = site_text([entry_of(each) for each in notices])
    request = Request(
        method="POST",
        url=settings.NOTICE_WEBHOOK_URL.reveal(),
        headers={"Content-Type": "application/json"},
        body=json.dumps({"text": _escape(text)}).encode(),
        fresh_connection=True,
    )
    try:
        answer = oauth_clients.transport().send(request, TIMEOUTS, MAX_BYTES)
    except ApiError as exc:
        raise WebhookError(exc.code or type(exc).__name__) from exc
    except ValueError as exc:
        raise WebhookError("the address must be https") from exc
    if not answer.is_success:
        raise WebhookError(f"status {answer.status}")


def _escape(text: str) -> str:
    """Escape what Slack takes for a link, a mention or an entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
