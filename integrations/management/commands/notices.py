"""List what operators and users are told of, and try the ways that it takes."""

import argparse
import time
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.db import close_old_connections
from django.utils import timezone

from integrations.management.console import CHECKS, find_user
from integrations.management.output import SafeCommand
from integrations.models import Incident, Notice
from integrations.models.messages.wording import count_text, time_text
from integrations.services.notices import incidents, rounds, sending

OPERATORS = "operators"
MOST_LISTED = 50


class Command(SafeCommand):
    """Print the open incidents and the messages that could not be sent."""

    requires_system_checks = CHECKS
    sleep = staticmethod(time.sleep)
    help = "List open incidents and unsent notices; --test tries the ways they take."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument(
            "--test",
            nargs="?",
            const=OPERATORS,
            metavar="EMAIL",
            help="send a test to the operators, or to the user of an address",
        )
        choice.add_argument(
            "--run", action="store_true", help="look and send now, as beat does"
        )

        choice.add_argument(
            "--every",
            type=float,
            metavar="SECONDS",
            help="do so again and again: a process that needs no beat and no broker",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["test"]:
            self._test(options["test"])
            return
        if options["every"]:
            self._repeat(options["every"])
        if options["run"]:
            self._run()
        self._list()

    def _repeat(self, seconds: float) -> NoReturn:
        while True:
            self._run()
            close_old_connections()
            self.sleep(seconds)

    def _run(self) -> None:
        self.stdout.write(f"sent: {rounds.run()}")

    def _list(self) -> None:
        unresolved = Incident.objects.filter(resolved_at__isnull=True)
        for each in unresolved.iterator():
            since = time_text(each.opened_at)
            told = f"{each.severity.upper()} since {since}: {each.title}"
            self.stdout.write(told)
        self.stdout.write(f"{unresolved.count()} incidents are open.")
        failing = Notice.objects.exclude(error="").exclude(state=Notice.State.SENT)
        for notice in failing.select_related("incident", "user")[:MOST_LISTED]:
            reader = notice.user.email if notice.user else OPERATORS
            told = f"not sent to {reader} by {notice.channel}: {notice.error}"
            self.stdout.write(told)
        more = failing.count() - MOST_LISTED
        if more > 0:
            self.stdout.write(f"and {count_text(more, 'more notice')} not sent")

    def _test(self, reader: str) -> None:
        user = None if reader == OPERATORS else find_user(reader)
        channels = [Notice.Channel.MAIL] if user else incidents.site_channels()
        if not channels:
            told = "set ADMIN_EMAILS or NOTICE_WEBHOOK_URL: operators are not told"
            raise CommandError(told)
        refused = []
        for channel in channels:
            notice = Notice.objects.create(
                user=user, channel=channel, phase=Notice.Phase.TEST, text="Test"
            )
            if not sending.send_now(notice, now=timezone.now()):
                notice.refresh_from_db()
                refused.append(f"{channel}: {notice.error}")
        if refused:
            raise CommandError("not sent by " + ", ".join(refused))
        self.stdout.write(f"sent by {', '.join(channels)}")
