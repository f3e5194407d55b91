"""A contact of which no list tells every property is written as any other."""

from typing import Any

from integrations.models import Connection, Edit
from tests.services.fixtures import FinishSync
from tests.services.writing.conftest import switch_on
from tests.services.writing.fixtures_of_edits import Desk


def test_contacts_of_more_properties_than_fit_an_address_are_written_whole(
    connection: Connection, sandbox: Any, finish_sync: FinishSync
) -> None:
    sandbox.client.switch("properties", 300)
    finish_sync(connection)
    switch_on(connection)
    desk = Desk(connection, sandbox)
    item = desk.item()
    names = item.properties.keys()

    changed = desk.finish(desk.update(item, city="Ωmega"))
    made = desk.finish(desk.create(email="new.one@example.com", city="Ωmega"))

    assert changed.state == made.state == Edit.State.SAVED
    for each in (item, made.item):
        assert each is not None
        each.refresh_from_db()
        assert each.properties["city"] == "Ωmega"
        assert each.properties.keys() == names
    run = finish_sync(connection, full=True)
    assert (run.outcome, run.changed, run.created, run.deleted) == ("complete", 0, 0, 0)
