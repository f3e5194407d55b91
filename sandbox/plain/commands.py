"""Change and count the records of a plain provider from the control page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.control import helpers
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.oauth.policy import Policy
from sandbox.plain.records import Kind, Place, to_record


@dataclass(frozen=True, kw_only=True)
class Commands:
    """The commands and queries of one plain provider."""

    policy: Policy
    kinds: Sequence[Kind]

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "records/edit": self.edit,
            "records/create": self.create,
            "records/delete": self.delete,
            "records/touch": self.touch,
        }

    @property
    def queries(self) -> Mapping[str, Command]:
        return {"records": self.show, "inventory": self.count}

    def _get_place(self, sandbox: Sandbox, params: Params) -> Place:
        account = helpers.get_account(self.policy.accounts, params).id
        wanted = str(params.get("type") or self.kinds[0].name)
        for kind in self.kinds:
            if kind.name == wanted:
                return Place(sandbox, self.policy.slug, account, kind)
        raise CommandError(f"no type {wanted}")

    def _get_row(self, sandbox: Sandbox, params: Params) -> tuple[Place, Row]:
        place, record_id = self._get_place(sandbox, params), str(params.get("id"))
        row = place.find(record_id)
        if row is None:
            raise CommandError(f"no such record: {record_id}")
        return place, row

    def edit(self, sandbox: Sandbox, params: Params) -> dict[str, Any]:
        place, row = self._get_row(sandbox, params)
        place.change(row, helpers.get_values(params, "fields", "field"))
        return {"id": row["id"]}

    def create(self, sandbox: Sandbox, params: Params) -> dict[str, Any]:
        fields = helpers.get_values(params, "fields", "field")
        return {"id": self._get_place(sandbox, params).add(fields, sandbox.now_ms)}

    def delete(self, sandbox: Sandbox, params: Params) -> dict[str, Any]:
        place, row = self._get_row(sandbox, params)
        place.change(row, {}, is_deleted=True)
        return {"id": row["id"]}

    def touch(self, sandbox: Sandbox, params: Params) -> dict[str, Any]:
        place = self._get_place(sandbox, params)
        count, offset = helpers.get_part(params)
        rows = place.list(limit=count, offset=offset)
        name = place.kind.edits
        return helpers.touch(
            sandbox, params, rows, lambda row, text: place.change(row, {name: text})
        )

    def show(self, sandbox: Sandbox, params: Params) -> dict[str, Any]:
        if params.get("id"):
            rows = [self._get_row(sandbox, params)[1]]
        else:
            limit = helpers.get_limit(params)
            rows = [*self._get_place(sandbox, params).list(limit=limit)]
        return {"records": [vars(to_record(row)) for row in rows]}

    def count(self, sandbox: Sandbox, params: Params) -> dict[str, Any]:
        account, types = helpers.get_account(self.policy.accounts, params).id, {}
        for kind in self.kinds:
            rows = self._get_place(sandbox, {**params, "type": kind.name}).list()
            changes = ((row["id"], row["modified"]) for row in rows)
            types[kind.name] = helpers.describe_live(changes, params)
        return {"account": account, "types": types}
