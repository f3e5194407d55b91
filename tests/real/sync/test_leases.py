"""A lease is held by one worker, however long it waits, and ends with it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.support.fixtures import DATABASES, MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import BASE_DIR
from tests.support.provider_answers.seeds import MIDDLE

pytestmark = pytest.mark.real

BATCH = re.compile(r"/objects/[^/]+/contacts/batch/read")
# Two workers claim a run whose row a third one holds for longer than a lease.
CLAIM = """
import threading, time, django
django.setup()
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from integrations.services.sync.leases import lease
from tests.support.rows import make_connection, make_run

settings.STALE_RUN_SECONDS = 0.5
run = make_run(make_connection(User.objects.create_user("alice")))
held, claims = threading.Event(), []

def hold():
    with transaction.atomic():
        type(run).objects.filter(pk=run.pk).update(texts=0)
        held.set()
        time.sleep(2)

def claim():
    claims.append(lease.claim(run.pk, now=timezone.now()))

threads = [threading.Thread(target=hold)]
threads[0].start()
held.wait()
for _ in range(2):
    threads.append(threading.Thread(target=claim))
    threads[-1].start()
    time.sleep(0.7)
for thread in threads:
    thread.join()
print(len([each for each in claims if each]))
"""


@pytest.mark.parametrize("database", DATABASES)
def test_of_two_workers_that_waited_for_a_run_one_gets_it(
    make_stack: MakeStack, database: str
) -> None:
    stack = make_stack(database)

    done = subprocess.run(
        [sys.executable, "-c", CLAIM],
        cwd=BASE_DIR,
        env=stack.plan.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.strip() == "1", done.stderr


def test_a_child_that_is_killed_costs_no_wait_for_its_lease(
    make_stack: MakeStack,
) -> None:
    # Without beat nothing sweeps, so that the head of the pool alone can tell.
    stack = make_stack(sizes=MIDDLE, STALE_RUN_SECONDS="100")
    command = [*stack.commands["worker-interactive"], "--pool", "prefork"]
    stack.commands["worker-interactive"] = [*command, "--concurrency", "1"]
    stack.start("valkey", "sandbox", "web", "worker-refresh", "worker-interactive")
    # A page is a list and a batch then, and the batch is what the child is killed in.
    stack.sandbox("switches/set", name="properties", value=300)
    stack.sandbox("faults/add", kind="latency", ms=600, family="batch")
    stack.user("alice@example.com").connect("hubspot")
    items = "select count(*) from integrations_item"
    stack.wait_for_row(f"{items} having count(*) > 0")
    assert BATCH.search(stack.log("worker-interactive"))

    head = stack.running["worker-interactive"].pid
    for child in Path(f"/proc/{head}/task/{head}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    so_far = stack.rows(items)[0][0]

    wait_until(
        lambda: stack.rows(items)[0][0] > so_far, "another child goes on", seconds=60
    )
    # Of what was in the air, one page at most comes twice.
    [(seen,)] = stack.rows("select seen from integrations_syncrun")
    assert seen - stack.rows(items)[0][0] <= 100
    assert stack.rows("select workers_lost from integrations_syncrun") == [(1,)]
