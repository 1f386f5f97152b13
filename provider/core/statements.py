"""Statements of ours: rendered from grants, merged where they differ only in a list, told apart by their Sid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provider.core.declarations import Grant, GrantType
from provider.core.identifiers import AccountId, Arn, digest

SID_PREFIX = "CrossAccount"
"""Letters and digits alone: the only ones that all of AWS's policy kinds take in a Sid."""


@dataclass(frozen=True, slots=True, order=True)
class CentreId:
    """Which centre wrote a statement, so that two of them leave each other's alone: eight hex digits."""

    text: str

    @classmethod
    def of(cls, account: AccountId, region: str) -> "CentreId":
        """The id of the centre that stands in this account and home Region."""
        return cls(digest("centre", account, region)[:8])

    def owns(self, statement: Mapping[str, Any]) -> bool:
        """Whether a statement is this centre's, by its Sid alone; all others are foreign."""
        return str(statement.get("Sid", "")).startswith(f"{SID_PREFIX}{self.text}")


@dataclass(frozen=True, slots=True)
class Statement:
    """One allow: a principal may do an action on a resource, from any of the sources."""

    grant_type: GrantType
    principal: tuple[str, str]
    action: str
    resource: Arn
    sources: tuple[str, ...]

    def document(self, centre: CentreId) -> dict[str, Any]:
        """The statement as it stands in a policy (docs/aws-behaviour.md §1 and §2)."""
        kind, name = self.principal
        return {
            "Sid": f"{SID_PREFIX}{centre.text}{self.grant_type}",
            "Effect": "Allow",
            "Principal": {kind: name},
            "Action": self.action,
            "Resource": self.resource,
            "Condition": {"ArnLike": {"AWS:SourceArn": list(self.sources)}},
        }


def understood(document: Mapping[str, Any], centre: CentreId) -> Statement | None:
    """A statement of ours as it was rendered once; None where it has another form than any that we write."""
    prefix = f"{SID_PREFIX}{centre.text}"
    kind = str(document.get("Sid", "")).removeprefix(prefix)
    principal, condition = document.get("Principal"), document.get("Condition")
    if kind not in tuple(GrantType) or not isinstance(principal, dict) or not isinstance(condition, dict):
        return None
    sources = {key.lower(): value for key, value in condition.get("ArnLike", {}).items()}.get("aws:sourcearn", [])
    listed = tuple(sources) if isinstance(sources, list) else (sources,)
    shape = [(name, value) for name, value in principal.items() if isinstance(value, str)]
    if len(shape) != 1 or len(condition) != 1 or not listed:
        return None
    return Statement(GrantType(kind), shape[0], str(document["Action"]), Arn(str(document["Resource"])), listed)


def render(grant: Grant, arn: Arn) -> tuple[Statement, ...]:
    """What a grant needs in the policy of the function or alias `arn`; never wider than what it asked."""
    return (
        Statement(
            grant_type=grant.grant_type,
            principal=("Service", "apigateway.amazonaws.com"),
            action="lambda:InvokeFunction",
            resource=arn,
            sources=grant.source_arns,
        ),
    )


def merge(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The same permissions in as few statements as mean exactly the same, in a stable order.

    Statements that are equal but for their sources become one with the union of these. A source that
    another one covers stays: when the wider grant goes, the narrower must not have to be written first.
    """
    sources: dict[tuple[GrantType, tuple[str, str], str, Arn], set[str]] = {}
    for one in statements:
        sources.setdefault((one.grant_type, one.principal, one.action, one.resource), set()).update(one.sources)
    return tuple(Statement(*shape, tuple(sorted(found))) for shape, found in sorted(sources.items()))
