"""Mail to a user whose connection needs reconnecting, once per incident."""

import logging
import smtplib
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone

from integrations.models import Connection

logger = logging.getLogger(__name__)


def needs_reconnect(connection_id: UUID) -> None:
    """Mail the owner of a connection that needs reconnecting.

    The row remembers the mail, so that a second delivery sends none.
    """
    claimed = Connection.objects.filter(
        pk=connection_id,
        state=Connection.State.NEEDS_RECONNECT,
        notified_at__isnull=True,
    ).update(notified_at=timezone.now())
    if not claimed:
        return
    connection = Connection.objects.select_related("owner").get(pk=connection_id)
    context = {
        "connection": connection,
        "link": settings.PUBLIC_BASE_URL.rstrip("/") + connection.get_absolute_url(),
    }
    try:
        send_mail(
            # A header has one line, whatever the account calls itself.
            subject=" ".join(
                render_to_string("mail/needs_reconnect_subject.txt", context).split()
            ),
            message=render_to_string("mail/needs_reconnect.txt", context),
            from_email=None,
            recipient_list=[connection.owner.email],
        )
    except (smtplib.SMTPException, OSError):
        # The page's banner says the same; a mail server must not stop a worker.
        logger.exception("notice not sent connection=%s", connection_id)
