"""Statements of a policy document, and whether one is about an action and a resource. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.localcloud.corrections.policy_conditions import holds
from provider.localcloud.corrections.policy_patterns import Reader, like, segments

_WITH_VARIABLES = "2012-10-17"
_RESOURCE_PART = 5
"""A variable may stand in an ARN only after the fifth colon (IAM User Guide, policy variables)."""


@dataclass(slots=True)
class Statement:
    """One statement; has the base emulator's names for its fields, whose code reads them too."""

    sid: str
    effect: str
    actions: list[str]
    not_actions: list[str]
    resources: list[str]
    not_resources: list[str]
    conditions: Mapping[str, Any]
    variables: bool = True
    principal: Any = None
    not_principal: Any = None
    element: Mapping[str, Any] = field(default_factory=dict)

    def is_about(self, action: str, resource: str, reader: Reader) -> bool:
        """Whether action, resource and conditions match; who asks is another question."""
        mine = Reader(reader.lookup, self.variables)
        return self._matches_action(action) and self._matches_resource(resource, mine) and holds(self.conditions, mine)

    def _matches_action(self, action: str) -> bool:
        named = [([(pattern, False)]) for pattern in self.actions or self.not_actions]
        return bool(named) and any(like(action, one, ignore_case=True) for one in named) == bool(self.actions)

    def _matches_resource(self, resource: str, reader: Reader) -> bool:
        if not self.resources and not self.not_resources:
            return True  # a trust policy has none
        named = any(_resource_like(resource, pattern, reader) for pattern in self.resources or self.not_resources)
        return named == bool(self.resources)


def _resource_like(resource: str, pattern: str, reader: Reader) -> bool:
    split = reader.pieces(pattern)
    if split is None:
        return False
    if any(literal for part in segments(split)[:_RESOURCE_PART] for _, literal in part):
        return False
    return like(resource, split)


def document(text: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Read a policy; what is none is read as one without statements."""
    if isinstance(text, str):
        try:
            text = json.loads(text)
        except json.JSONDecodeError:
            return {}
    return text if isinstance(text, Mapping) else {}


def elements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements of a policy as they are written; a single one may stand without a list."""
    found = policy.get("Statement", [])
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]


def statements(text: str | Mapping[str, Any] | None) -> list[Statement]:
    """Read a policy's statements; those without a known `Effect` do nothing."""
    policy = document(text)
    variables = policy.get("Version") == _WITH_VARIABLES
    return [_statement(one, variables) for one in elements(policy) if one.get("Effect") in {"Allow", "Deny"}]


def _statement(one: Mapping[str, Any], variables: bool) -> Statement:
    return Statement(
        sid=str(one.get("Sid", "")),
        effect=str(one["Effect"]),
        actions=listed(one.get("Action")),
        not_actions=listed(one.get("NotAction")),
        resources=listed(one.get("Resource")),
        not_resources=listed(one.get("NotResource")),
        conditions=one.get("Condition") or {},
        variables=variables,
        principal=one.get("Principal"),
        not_principal=one.get("NotPrincipal"),
        element=one,
    )


def listed(value: Any) -> list[str]:
    """What may be written as one text or a list of texts, as a list."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
