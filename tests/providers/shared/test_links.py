"""Links that a connector finds in its own typed values."""

from integrations.providers.links import RemoteLink, links_among
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Many, Relation, Text


def link(target_id: str, position: int, *, to: str = "tasks") -> RemoteLink:
    return RemoteLink(
        relation="after", target_id=target_id, target_collection=to, position=position
    )


def test_parts_of_one_value_link_each_item_once() -> None:
    value = Many(
        values=(
            Relation(linked_ids=("1", "2", "1"), linked_collection="tasks"),
            Text(text="and"),
            Relation(linked_ids=("2", "3"), linked_collection="tasks"),
            Relation(linked_ids=("3",), linked_collection="people"),
        )
    )

    found = links_among([DisplayField(name="after", label="After", value=value)])

    assert found == [
        link("1", 0),
        link("2", 1),
        link("3", 2),
        link("3", 3, to="people"),
    ]
