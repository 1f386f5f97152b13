"""Foreign statements of a target's policies and what their grants would be, as lines: pure, over what is seen of ledger and policies."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provider.cli.listings import time_of
from provider.core.adopting import UNNAMED, Adoption, sid_of
from provider.core.consent import admit, authorise
from provider.core.covering import covers
from provider.core.declarations import Publication
from provider.core.documents import Document, statement_id, statements_of
from provider.core.errors import Permanent
from provider.core.fitting import standing_on
from provider.core.identifiers import Arn
from provider.core.records import GrantState, TargetView
from provider.core.statements import CentreId, Statement
from provider.core.translating import Counterpart, translated

GRANTED, MISSING, REFUSED, STAYS = "Granted", "Missing", "Refused", "Stays"
"""Of what a statement allows an account: it is granted; its stack has yet to ask; it would be refused; no grant can say it."""


@dataclass(frozen=True, slots=True)
class ForeignStatement:
    """A statement of somebody else's in the policy of a resource."""

    resource: Arn
    document: Document

    @property
    def id(self) -> str:
        """Its id, by which one without a Sid is named."""
        return statement_id(self.document)

    @property
    def name(self) -> str:
        """Its Sid, or its id."""
        sid = sid_of(self.document)
        return self.id if sid == UNNAMED else sid

    def is_named(self, names: Collection[str]) -> bool:
        """Whether it is among those named by Sid or id."""
        return self.name in names or self.id in names


@dataclass(frozen=True, slots=True)
class AdoptableLine:
    """What a statement allows one account, as the permission that says the same, and where that stands; or why there is none."""

    resource: str
    statement: str
    id: str
    account: str
    region: str
    type: str
    state: str
    why: str
    adopted: str
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asks(self) -> tuple[str, ...]:
        """The permission's own properties, for people."""
        return tuple(
            f"{name}={'|'.join(value) if isinstance(value, list) else value}" for name, value in self.properties.items()
        )


@dataclass(frozen=True, slots=True)
class AdoptedLine:
    """An adopted statement that stands, since when, by whom, and which accounts have yet to ask for what it allows."""

    target: str
    environment: str
    resource: str
    statement: str
    id: str
    since: str
    by: str
    accounts: tuple[str, ...]
    missing: tuple[str, ...]


def foreign(policies: Mapping[Arn, Document | None], centre: CentreId) -> Iterator[ForeignStatement]:
    """The statements that are not the centre's, in the order of their policies."""
    for arn, document in sorted(policies.items()):
        yield from (ForeignStatement(arn, one) for one in statements_of(document) if not centre.owns(one))


def adoptable(
    found: Iterable[ForeignStatement], view: TargetView, granted: Collection[Statement], adoptions: Iterable[Adoption]
) -> Iterator[AdoptableLine]:
    """A line for each permission that statements come to.

    Args:
        found: the statements.
        view: the name that they are to be granted under.
        granted: what grants that last allow already (`granted_on`).
        adoptions: those that are known.
    """
    since = {(one.resource, one.id): time_of(one.at) for one in adoptions}
    for one in found:
        told = translated(one.document, one.resource)
        who = (one.resource, one.name, one.id)
        adopted = since.get((one.resource, one.id), "")
        if told.obstacle:
            yield AdoptableLine(*who, "", "", "", STAYS, told.obstacle, adopted)
        for each in told.counterparts:
            state, why = _state(each, view, granted)
            why = " ".join(filter(None, [why, *(f"Without its condition on {key}." for key in told.besides)]))
            asked = {**each.specification.properties, **_place(each.arn, view.current)}
            yield AdoptableLine(*who, each.account, each.region, each.grant_type.value, state, why, adopted, asked)


def _state(one: Counterpart, view: TargetView, granted: Collection[Statement]) -> tuple[str, str]:
    if covers(granted, one.statements):
        return GRANTED, ""
    refusal = _refusal(one, view.current, view)
    return (REFUSED, refusal) if refusal else (MISSING, "")


def _place(arn: Arn, publication: Publication | None) -> dict[str, str]:
    """Of a target with several ARNs, that on which the statement stands, so that the grant stands there as well."""
    return {"TargetArn": arn} if publication and len(publication.arns) > 1 else {}


def _refusal(one: Counterpart, publication: Publication | None, view: TargetView) -> str:
    if publication is None:
        return f"Nothing is published as {view.target.full_name}. Publish it."
    if one.arn not in publication.arns:
        return f"{one.arn} is not what {view.target.full_name} publishes. Publish it by a target of its own."
    try:
        authorise(one.account, one.grant, publication, view.units.get(one.account))
        admit(one.grant, publication, view.now, sum(row.origin.account == one.account for row in view.grants))
    except Permanent as error:
        return str(error)
    return ""


def granted_on(arn: Arn, views: Iterable[TargetView]) -> list[Statement]:
    """What grants that last allow on a resource, as far as the ledger has it in force."""
    standing = (one for view in views for one in standing_on(arn, view))
    in_force = (one for one in standing if one.row.state is GrantState.IN_FORCE and arn in one.row.placed and one.lasts)
    return [part for one in in_force for part in one.statements]


def waiting(adoptions: Iterable[Adoption], views: Sequence[TargetView]) -> Iterator[AdoptedLine]:
    """A line for each adoption that has not ended."""
    for one in sorted(adoptions, key=lambda each: (each.resource, each.at, each.id)):
        statement = ForeignStatement(one.resource, one.statement)
        yield AdoptedLine(
            target=one.target.full_name,
            environment=one.target.environment,
            resource=one.resource,
            statement=statement.name,
            id=one.id,
            since=time_of(one.at),
            by=one.by,
            accounts=one.accounts,
            missing=one.missing(granted_on(one.resource, views)),
        )
