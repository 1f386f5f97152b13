"""What policies hold of grants, as lines: each statement, whose grants it is of, and how full each policy is.

From the ledger alone, by the rules by which the controller writes: no policy is read. That what stands is what is recorded,
each pass makes sure, and tells by `crossaccount drift`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provider.cli.reading import Sight
from provider.controller.policies import quota
from provider.core.identifiers import Arn, DeclarationId, resource_of
from provider.core.records import GrantRecord, GrantState, TargetView
from provider.core.statements import CentreId, Statement, merge, render


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement in the policy of a resource, and by grant what each has named in it.

    One that does not stand (`stands`) is of a single grant: what will stand, or would if nothing kept it from that.
    """

    resource: str
    sid: str
    stands: bool
    document: Mapping[str, Any]
    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """How many characters the policy of a resource has, of how many; `size` is None where that is not known or not shown.

    `opens` are the published ARNs that it lets in to. Where AWS may raise the limit (`raisable`), it is the default.
    """

    resource: str
    opens: tuple[str, ...]
    size: int | None
    limit: int
    raisable: bool


def statements(sight: Sight, centre: CentreId) -> Iterator[StatementLine]:
    """The statements of all grants that are seen, by resource; of grants on others' names what is their own in them."""
    parts: dict[tuple[Arn, str], list[tuple[DeclarationId, Statement]]] = defaultdict(list)
    for view in sight.views.values():
        for row in view.grants:
            standing, wanted = _places(view, row, shows_places=sight.is_whole(view.target))
            for arn in standing:
                parts[resource_of(arn), ""] += [(row.id, one) for one in render(row.grant, arn)]
            for arn in wanted:
                parts[resource_of(arn), row.id] += [(row.id, one) for one in render(row.grant, arn)]
    for (resource, waiting), found in sorted(parts.items()):
        for one in merge(part for _, part in found):
            document = one.document(centre)
            names: dict[str, tuple[str, ...]] = {id_: part.names for id_, part in found if part.frame == one.frame}
            yield StatementLine(resource, document["Sid"], not waiting, document, names)


def _places(view: TargetView, row: GrantRecord, *, shows_places: bool) -> tuple[frozenset[Arn], frozenset[Arn]]:
    """The ARNs that a grant opens by what stands, and those that it is to open besides.

    Of another owner's target only the ARN that its stack was told is shown, and whether it is in force.
    """
    told = frozenset({row.told})
    if not shows_places:
        return (told, frozenset()) if row.state is GrantState.IN_FORCE else (frozenset(), told)
    opened = view.open_at(row)
    standing = frozenset(arn for arn in opened if resource_of(arn) in row.placed)
    left = row.placed - {resource_of(arn) for arn in standing}  # what ends with the next pass
    standing |= frozenset(arn for arn in told if resource_of(arn) in left)
    if row.withdrawn:
        return standing, frozenset()
    return standing, opened - standing if standing or opened else told


def policies(sight: Sight) -> Iterator[PolicyLine]:
    """The policies of all that is published or granted, as far as it is seen."""
    opens: dict[Arn, set[Arn]] = defaultdict(set)
    for view in sight.views.values():
        published = (arn for one in view.publications if not one.withdrawn for arn in one.publication.arns)
        for arn in (*published, *(row.told for row in view.grants)):
            opens[resource_of(arn)].add(arn)
    for resource, arns in sorted(opens.items()):
        allowed = quota(resource)
        size = sight.sizes.get(resource)
        yield PolicyLine(resource, tuple(sorted(arns)), size, allowed.characters, not allowed.fixed)
