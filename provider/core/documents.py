"""Policy documents in meaning: two texts that AWS would decide alike are equal here.

AWS hands documents back normalised in ways that are partly unknown (docs/aws-behaviour.md §1 and §3): one-element
lists as scalars, account ids as root ARNs, condition keys in another case. Comparing texts would make a
write out of each.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from provider.core.identifiers import digest

Document = Mapping[str, Any]

_UNIQUE_ID = re.compile(r"A(?:RO|ID)A[A-Z0-9]{12,}")
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):root")


def statements_of(document: Document | None) -> list[dict[str, Any]]:
    """The statements of a document, in order; a single one may stand without a list."""
    if document is None:
        return []
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def with_deleted_principals(document: Document) -> tuple[str, ...]:
    """The Sids of statements that name a principal which has been deleted since.

    AWS keeps roles and users as unique ids and shows these once they are gone; from then on it refuses to take the policy
    again, whoever writes it (docs/aws-behaviour.md §1 and §4).
    """
    return tuple(
        str(one.get("Sid", "without a Sid"))
        for one in statements_of(document)
        if isinstance(one.get("Principal"), dict)
        and any(_UNIQUE_ID.fullmatch(name) for name in _values(one["Principal"].get("AWS", [])))
    )


def text_of(document: Document) -> str:
    """The document as it is sent to AWS: without white space, since its size counts."""
    return json.dumps(document, separators=(",", ":"))


def meaning(statement: Mapping[str, Any]) -> str:
    """A text that is equal for statements that mean the same; the Sid is part of it."""
    return json.dumps({key: _field(key, value) for key, value in statement.items()}, sort_keys=True)


def statement_id(statement: Mapping[str, Any]) -> str:
    """What tells a statement of a policy from all others, by its meaning: 32 hex digits."""
    return digest("statement", meaning(statement))


def _field(key: str, value: Any) -> Any:
    if key in ("Principal", "NotPrincipal"):
        return _principal(value)
    if key == "Condition":
        return _condition(value)
    if key in ("Action", "NotAction", "Resource", "NotResource"):
        return _values(value)
    return value


def _values(value: Any) -> list[str]:
    return sorted({str(item) for item in (value if isinstance(value, list) else [value])})


def _principal(value: Any) -> Any:
    # In a resource policy, anybody is anybody, whether it is said of AWS or by itself.
    if value in ({"AWS": "*"}, {"AWS": ["*"]}):
        return "*"
    if not isinstance(value, dict):
        return value
    return {kind: sorted({_ROOT.sub(r"\1", name) for name in _values(names)}) for kind, names in value.items()}


def _condition(value: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    return {operator: _tests(tests) for operator, tests in value.items()}


def _tests(tests: Mapping[str, Any]) -> dict[str, list[str]]:
    # Condition keys are matched without regard to case: AWS:SourceArn is aws:SourceArn. Where both are there, neither stands for both.
    found = {key.lower(): _values(values) for key, values in sorted(tests.items())}
    return found if len(found) == len(tests) else {key: _values(values) for key, values in tests.items()}
