"""What AWS decides of Allow statements: an evaluator small enough to be read, which shares nothing with the product.

IAM User Guide: "Policy evaluation logic", "AWS JSON policy elements: Principal" and "… Condition operators"; what services do
beyond that is in docs/aws-behaviour.md §2 to §4.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Any

Context = Mapping[str, str]


class Decision(IntEnum):
    """What a policy says of a call, the stronger the larger: a principal's account may be let in, or it itself."""

    NO = 0
    DELEGATED = 1
    DIRECT = 2


class Access(IntEnum):
    """What comes of it for the caller: nothing, all that its own account's IAM allows, or all."""

    NONE = 0
    WITH_IAM = 1
    ALONE = 2


@dataclass(frozen=True)
class Caller:
    """Whoever calls: a role, user or root by its `aws:PrincipalArn` (of a role session: the role's), a service, or nobody known."""

    arn: str = ""
    service: str = ""

    @property
    def account(self) -> str:
        return self.arn.split(":")[4] if self.arn else ""

    @property
    def context(self) -> Context:
        """The keys that IAM sets; it says of an anonymous call that its account is `anonymous`, and nothing of its ARN."""
        if self.service:
            return {}
        if not self.arn:
            return {"aws:principalaccount": "anonymous"}
        return {"aws:principalarn": self.arn, "aws:principalaccount": self.account}


ANONYMOUS = Caller()


@dataclass(frozen=True)
class Call:
    """One call: who does what to what (nothing in a trust policy), with which other keys in its context."""

    caller: Caller
    action: str
    resource: str = ""
    context: Context = field(default_factory=dict)

    @cached_property
    def keys(self) -> Context:
        """All keys of its context, which have no case."""
        return {**{key.lower(): value for key, value in self.context.items()}, **self.caller.context}


def decide(statements: Iterable[Mapping[str, Any]], call: Call) -> Decision:
    """The strongest of what the statements say."""
    return max((_decide(one, call) for one in statements), default=Decision.NO)


def access(statements: Iterable[Mapping[str, Any]], call: Call, owner: str) -> Access:
    """What the caller has of it, where the policy is one of the account `owner`.

    Across accounts both sides must allow. Within one, whoever is let in itself needs no more, while a root only passes the
    decision on. Callers without an account have nobody else to ask.
    """
    decision = decide(statements, call)
    if decision is Decision.NO:
        return Access.NONE
    if call.caller.arn and (call.caller.account != owner or decision is Decision.DELEGATED):
        return Access.WITH_IAM
    return Access.ALONE


def _decide(statement: Mapping[str, Any], call: Call) -> Decision:
    assert statement["Effect"] == "Allow", "an evaluator of Allow statements"
    assert statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}, statement
    said = _principal(statement["Principal"], call.caller)
    fits = (
        said is not Decision.NO
        and all(
            _holds(operator, key, _many(values), call.keys)
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
        and any(_matches(pattern.lower(), call.action.lower()) for pattern in _many(statement["Action"]))
        and ("Resource" in statement) == bool(call.resource)
        and (not call.resource or any(_matches(one, call.resource) for one in _many(statement["Resource"])))
    )
    return said if fits else Decision.NO


def _principal(principal: Any, caller: Caller) -> Decision:
    if isinstance(principal, str):
        assert principal == "*"
        return Decision.DIRECT
    return max(_named(kind, name, caller) for kind, names in principal.items() for name in _many(names))


def _named(kind: str, name: str, caller: Caller) -> Decision:
    if kind == "Service":
        return Decision.DIRECT if name == caller.service else Decision.NO
    assert kind == "AWS", kind
    if name == "*" or (caller.arn and name == caller.arn and not name.endswith(":root")):
        return Decision.DIRECT
    root = re.fullmatch(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?", name)
    return Decision.DELEGATED if root and caller.account == root[1] else Decision.NO


def _holds(operator: str, key: str, values: list[str], keys: Context) -> bool:
    """Keys have no case; one that is absent fails."""
    found = keys.get(key.lower())
    if found is None:
        return False
    if operator == "StringEquals":
        return found in values
    assert operator in ("ArnLike", "ArnEquals"), operator  # which are one and the same
    return any(_arn_matches(value, found) for value in values)


def _arn_matches(pattern: str, arn: str) -> bool:
    """Each of an ARN's six parts by itself; the last one is the rest."""
    parts = pattern.split(":", 5), arn.split(":", 5)
    return len(parts[0]) == len(parts[1]) == 6 and all(_matches(*pair) for pair in zip(*parts, strict=True))


@lru_cache(maxsize=100_000)
def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` is any text, slashes and colons too, and `?` any one character."""
    found = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(found, text, re.DOTALL) is not None


def _many(values: Any) -> list[str]:
    return list(values) if isinstance(values, list) else [values]
