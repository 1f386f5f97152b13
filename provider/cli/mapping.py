"""The permission map as data: accounts, targets, grants and their statements, from what is listed; pure, and its plain forms.

Names in it come from consumers and owners: each form quotes them by its own rules.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from provider.cli.listings import GrantLine, TargetLine
from provider.cli.policies import PolicyLine, StatementLine

_Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """Of which centre the map is, at what time (UTC), and of which account's part of the ledger; no account means all of it."""

    centre: str = ""
    at: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class PermissionMap:
    """The accounts that own or hold something, the targets, the grants, their statements and policies, each in order."""

    accounts: tuple[str, ...]
    targets: tuple[TargetLine, ...]
    grants: tuple[GrantLine, ...]
    statements: tuple[StatementLine, ...] = ()
    policies: tuple[PolicyLine, ...] = ()
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def of(
        cls,
        targets: Iterable[TargetLine],
        grants: Iterable[GrantLine],
        statements: Iterable[StatementLine] = (),
        policies: Iterable[PolicyLine] = (),
        seen: Seen | None = None,
    ) -> "PermissionMap":
        """The map of what is listed."""
        published, held = tuple(sorted(targets)), tuple(sorted(grants))
        owners = {one.target.partition("/")[0] for one in published} | {one.target.partition("/")[0] for one in held}
        accounts = tuple(sorted(owners | {one.account for one in held}))
        return cls(accounts, published, held, tuple(statements), tuple(policies), seen or Seen())

    @property
    def names(self) -> tuple[_Name, ...]:
        """Each target's full name and environment, also of targets of which only grants are seen."""
        published = {(one.target, one.environment) for one in self.targets}
        return tuple(sorted(published | {(one.target, one.environment) for one in self.grants}))

    @property
    def edges(self) -> tuple[tuple[str, str, str], ...]:
        """What to draw between ids of nodes, with what it says: owner to target, and target to consumer by grant type."""
        ids = {name: f"t{number}" for number, name in enumerate(self.names)}
        owned = [(f"a{name[0].partition('/')[0]}", ids[name], "owns") for name in self.names]
        drawn = {(ids[one.target, one.environment], f"a{one.account}", one.type) for one in self.grants}
        return (*owned, *sorted(drawn))


def as_json(drawn: PermissionMap) -> str:
    """The map for programs."""
    return json.dumps(asdict(drawn), indent=2, sort_keys=True)


def as_dot(drawn: PermissionMap) -> str:
    """The map for Graphviz."""
    nodes = [f"  {node} [label={_quoted(label)}];" for node, label in _nodes(drawn)]
    edges = [f"  {start} -> {end} [label={_quoted(label)}];" for start, end, label in drawn.edges]
    return "\n".join(["digraph permissions {", "  rankdir=LR;", *nodes, *edges, "}"])


def as_mermaid(drawn: PermissionMap) -> str:
    """The map for Mermaid; what could end a label or begin markup is written as a character's number."""
    nodes = [f'  {node}["{_numbered(label)}"]' for node, label in _nodes(drawn)]
    edges = [f'  {start} -->|"{_numbered(label)}"| {end}' for start, end, label in drawn.edges]
    return "\n".join(["flowchart LR", *nodes, *edges])


def _nodes(drawn: PermissionMap) -> list[_Name]:
    names = enumerate(drawn.names)
    return [(f"a{account}", account) for account in drawn.accounts] + [(f"t{n}", f"{x} ({y})") for n, (x, y) in names]


def _quoted(text: str) -> str:
    printed = "".join(letter if letter.isprintable() else " " for letter in text)
    escaped = printed.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _numbered(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in " /-_.()" else f"#{ord(letter)};" for letter in text)
