"""Learn in a run what the internal names of labels stand for, and ask no more then.

A list tells an association's label by its internal name, a batch in the users' words.
The name is "the unique identifier for the association definition":
https://developers.hubspot.com/docs/api-reference/crm-associations-schema-v4/definitions/post-crm-associations-v4-fromObjectType-toObjectType-labels
"""

import json
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.responses.answers import Answers
from integrations.providers.hubspot.mapping.links import Linked, LinkReader, by_id
from integrations.providers.hubspot.objects import Association

# Somebody may change a label between the two calls for a page, hardly twice alike.
PAGES_THAT_PROVE = 2
# HubSpot lets a portal have fewer; more than that are not learnt.
MOST_NAMES = 1000
# What an internal name stands for that stood for several labels, or for none.
UNSURE = ""


class LabelNames:
    """What the internal names of one kind of association stand for, in one run.

    What is learnt is kept among the run's answers, as owners and pipelines are: a
    label that is renamed meanwhile is told by the next run.
    """

    def __init__(self, api: ApiClient, from_type: str, to_type: str) -> None:
        """Read what earlier pages of the run have told."""
        self._answers = Answers() if api.answers is None else api.answers
        self._key = f"{api.base_url} labels {from_type} {to_type}"
        kept = json.loads(self._answers.get(self._key) or "{}")
        # The label of each name, and how many pages told it.
        self._told: dict[str, tuple[str, int]] = {
            name: (label, times) for name, (label, times) in kept.items()
        }

    def label(
        self, listed: Mapping[str, Linked], links: LinkReader, association: Association
    ) -> Mapping[str, Linked]:
        """Return links by record with their labels; ask for those not yet known."""
        known = {key: self._translate(linked) for key, linked in listed.items()}
        lacking = [key for key, linked in known.items() if linked is None]
        if not lacking:
            return {key: linked for key, linked in known.items() if linked}
        asked = {
            key: found[association.to]
            for key, found in links.fetch(lacking, [association]).items()
        }
        self._learn({key: listed[key] for key in lacking}, asked)
        # That there is none is not so: the list has just told of some.
        asked = {
            key: linked if linked.ids else replace(linked, is_partial=True)
            for key, linked in asked.items()
        }
        return {key: linked or asked[key] for key, linked in known.items()}

    def _translate(self, linked: Linked) -> Linked | None:
        """Return links with their labels, None where a name is not known."""
        pairs = [(each, name) for each in linked.names for name in linked.names[each]]
        if not all(self._is_known(name) for _, name in pairs):
            return None
        labels = by_id((each, self._told[name][0]) for each, name in pairs)
        return replace(linked, labels=labels)

    def _learn(self, listed: Mapping[str, Linked], asked: Mapping[str, Linked]) -> None:
        """Compare what a list and a batch told of the same records, by id."""
        found: dict[str, set[str]] = {}
        for key, linked in listed.items():
            for each, names in linked.names.items():
                self._compare(names, asked[key].labels.get(each, ()), found)
        before = dict(self._told)
        for name, labels in found.items():
            label = labels.pop() if len(labels) == 1 else UNSURE
            known, times = self._told.get(name, (label, 0))
            is_same = known == label != UNSURE
            self._told[name] = (label, times + 1) if is_same else (UNSURE, 0)
        if self._told != before and len(self._told) <= MOST_NAMES:
            self._answers.put(self._key, json.dumps(self._told))

    def _compare(
        self, names: Sequence[str], labels: Sequence[str], found: dict[str, set[str]]
    ) -> None:
        """Find the label that only the one unknown name of a pair can stand for."""
        known = {each: self._told[each][0] for each in names if self._is_known(each)}
        for name, label in known.items():
            if label not in labels:
                found.setdefault(name, set()).add(UNSURE)
        rest = [each for each in labels if each not in known.values()]
        unknown = [each for each in names if each not in known]
        if len(unknown) == 1:
            label = rest[0] if len(rest) == 1 else UNSURE
            found.setdefault(unknown[0], set()).add(label)

    def _is_known(self, name: str) -> bool:
        label, times = self._told.get(name, (UNSURE, 0))
        return label != UNSURE and times >= PAGES_THAT_PROVE
