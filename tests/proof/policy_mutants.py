"""Our policies with one thing less that narrows them, or one permission less: each must show in what IAM then decides."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deployed_policies import CARELESS, Document, Place, Policies

Statement = dict[str, Any]
Change = Callable[[Statement], Statement | None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one statement of the templates, wherever it is deployed.

    `opens` says what it should show in: an attack that gets through, or else a call of ours that does not any more.
    `actions` are those that the statement is about before or after the change; they may have wildcards.
    """

    resource: str
    policy: str
    sid: str
    what: str
    opens: bool
    actions: tuple[str, ...]
    change: Change

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from the others."""
        return self.resource, self.sid, self.what

    def concerns(self, action: str) -> bool:
        """Whether it can change what is decided about an action."""
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)

    def of(self, policies: Policies) -> Policies:
        """The policies with this change."""
        return policies.changed(self._changed)

    def _changed(self, place: Place, document: Document) -> Document:
        if (place.resource, place.name) != (self.resource, self.policy):
            return document
        changed = [self.change(one) if one["Sid"] == self.sid else one for one in document["Statement"]]
        return {**document, "Statement": [one for one in changed if one is not None]}


def statements(policies: Policies) -> Mapping[tuple[str, str, str], Statement]:
    """The statements of the templates by resource, policy and Sid; of each that is deployed several times, one."""
    return {
        (place.resource, place.name, one["Sid"]): one
        for place, document in policies.documents.items()
        for one in document["Statement"]
        if place.name != CARELESS
    }


def mutants(policies: Policies) -> Iterator[Mutant]:
    """Every mutant of every statement."""
    for (resource, policy, sid), statement in statements(policies).items():
        allows = statement["Effect"] == "Allow"
        for what, widens, change in _changes(statement):
            changed = change(statement) or {"Action": []}
            actions = (*_listed(statement["Action"]), *_listed(changed["Action"]))
            yield Mutant(resource, policy, sid, what, widens == allows, actions, change)


def _changes(statement: Statement) -> Iterator[tuple[str, bool, Change]]:
    """Each change, and whether the statement is about more requests then than before."""
    actions = _listed(statement["Action"])
    for action in actions:
        yield f"without {action}", False, _without("Action", action)
    service = actions[0].partition(":")[0]
    if statement["Effect"] == "Allow":
        yield f"{service}:* for its actions", True, _replaced("Action", f"{service}:*")
    resources = _listed(statement.get("Resource", []))
    for resource in resources:
        if resource != "*":
            yield f"* for {_short(resource)}", True, _other("Resource", resource, "*")
        if len(resources) > 1:
            yield f"without {_short(resource)}", False, _without("Resource", resource)
    if "NotResource" in statement:
        yield "* for what it leaves out", True, _without_exception
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            yield f"without {operator} {key}", True, _unconditioned(operator, key)
    if "Principal" in statement and statement["Principal"] not in ("*", {"AWS": "*"}):
        yield "anybody for its principal", True, _replaced("Principal", {"AWS": "*"})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _short(arn: str) -> str:
    """An ARN's service and what it names there, without what differs from one deployment to the next."""
    service, _, _, named = arn.split(":", 5)[2:]
    return f"{service}:{_DEPLOYED.sub('…', named)}"


_DEPLOYED = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{12}|[a-z]{2}-[a-z]+-\d\b|\d{4}-\d\d-\d\dT[\d:.]+"
)
"""Ids, accounts, Regions and times."""


def _without(element: str, value: str) -> Change:
    def change(statement: Statement) -> Statement | None:
        kept = [one for one in _listed(statement[element]) if _short_or_same(one) != _short_or_same(value)]
        return {**statement, element: kept} if kept else None

    return change


def _other(element: str, value: str, new: str) -> Change:
    def change(statement: Statement) -> Statement | None:
        changed = [new if _short_or_same(one) == _short_or_same(value) else one for one in _listed(statement[element])]
        return {**statement, element: changed}

    return change


def _short_or_same(text: str) -> str:
    return _short(text) if text.startswith("arn:") else text


def _replaced(element: str, new: Any) -> Change:
    return lambda statement: {**statement, element: new}


def _without_exception(statement: Statement) -> Statement:
    kept = {name: value for name, value in statement.items() if name != "NotResource"}
    return {**kept, "Resource": "*"}


def _unconditioned(operator: str, key: str) -> Change:
    def change(statement: Statement) -> Statement:
        blocks = {
            name: {one: value for one, value in keys.items() if (name, one) != (operator, key)}
            for name, keys in statement["Condition"].items()
        }
        return {**statement, "Condition": {name: keys for name, keys in blocks.items() if keys}}

    return change
