"""Where the permission for a call stands in the ledger: pure, over what the ledger holds of the targets concerned."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.core.identifiers import RestApiArn, target_arn
from provider.core.records import GrantRecord, GrantState, TargetView
from provider.core.specifications import ApiExecution, AuthorizerUse


class Standing(StrEnum):
    """What the ledger says of the permission for a call, the most telling last."""

    UNPUBLISHED = "Unpublished"  # no target is this API's stage
    NOT_ASKED = "NotAsked"  # the account has asked for nothing on it
    NOT_COVERED = "NotCovered"  # it has, and not for this caller, method, path or VPC endpoint
    WITHDRAWN = "Withdrawn"  # it is being removed
    EXPIRED = "Expired"  # its time is over
    QUARANTINED = "Quarantined"  # its account is in quarantine, so that all it holds is suspended
    SUSPENDED = "Suspended"  # its owner does not authorise it at present
    WAITING = "Waiting"  # recorded, and not in force yet
    UNDEPLOYED = "Undeployed"  # in the API's policy, which no deployment is known to have taken up
    IN_FORCE = "InForce"  # all is as it should be


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signs: the account, and the role or user by ARN. A session's ARN says of its role only the name."""

    account: str
    arn: str = ""

    @classmethod
    def of(cls, arn: str) -> "Caller":
        """The caller that STS calls so."""
        return cls(arn.split(":")[4], arn)

    def is_named(self, principals: Sequence[str]) -> bool:
        """Whether a grant for these roles and users is for this one; none mean the whole account."""
        return not principals or any(_same(self.arn, principal) for principal in principals)


def _same(arn: str, principal: str) -> bool:
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind != "assumed-role":
        return arn == principal
    _, partition, *_ = arn.split(":")
    role = f"arn:{partition}:iam::{arn.split(':')[4]}:role/"
    return principal.startswith(role) and principal.rpartition("/")[2] == name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call, as far as a grant may be about it."""

    caller: Caller
    api: str
    region: str
    stage: str
    method: str
    path: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a permission stands: on which target, as which grant, and `lacks`, what an existing one does not cover."""

    standing: Standing
    target: str = ""
    grant: str = ""
    lacks: str = ""
    ended: str = ""


def of_call(views: Iterable[TargetView], call: ApiCall) -> Finding:
    """Where the permission to call a REST API stands; of several, the one that is nearest to being in force."""
    found = [_of_call(view, call) for view in views if _stage_of(view, call)]
    return nearest(found)


def of_authorizer(views: Iterable[TargetView], api: str, region: str) -> Finding:
    """Where the permission stands by which an API, of the asking account, uses another account's function as authorizer."""
    found = [
        finding(view, row)
        for view in views
        for row in view.grants
        if isinstance(row.grant.specification, AuthorizerUse)
        and (row.grant.specification.api_id, row.grant.origin.stack.region) == (api, region)
    ]
    return nearest(found)


def nearest(found: Sequence[Finding]) -> Finding:
    """Of several, the one that is nearest to being in force."""
    order = list(Standing)
    return max(found, key=lambda one: (order.index(one.standing), one.grant), default=Finding(Standing.UNPUBLISHED))


def _stage_of(view: TargetView, call: ApiCall) -> bool:
    """Whether a name stands, or has grants that stand, for the stage that is called."""
    arns = {*(view.current.arns if view.current else ()), *(row.told for row in view.grants)}
    stages = [one for one in map(target_arn, arns) if isinstance(one, RestApiArn)]
    return any((one.api, one.region, one.stage) == (call.api, call.region, call.stage) for one in stages)


def _of_call(view: TargetView, call: ApiCall) -> Finding:
    mine = [row for row in view.grants if row.grant.origin.account == call.caller.account]
    if not mine:
        return Finding(Standing.NOT_ASKED, view.target.full_name)
    lacks = {row.id: lacking(row, call) for row in mine}
    covering = [finding(view, row) for row in mine if not lacks[row.id]]
    if covering:
        return nearest(covering)
    missed = min(mine, key=lambda row: (_LACKS.index(lacks[row.id]), row.id))
    return Finding(Standing.NOT_COVERED, view.target.full_name, missed.id, lacks[missed.id])


_LACKS = ("Methods", "Paths", "VpcEndpointIds", "Principals", "GrantType")
"""Properties of a grant that may keep a call out, the nearest miss first."""


def lacking(row: GrantRecord, call: ApiCall) -> str:
    """The property of a grant by which it is not about this call; empty where it is."""
    asked = row.grant.specification
    if not isinstance(asked, ApiExecution):
        return "GrantType"
    if not call.caller.is_named(asked.principals):
        return "Principals"
    if asked.vpc_endpoint_ids and call.endpoint not in asked.vpc_endpoint_ids:
        return "VpcEndpointIds"
    if asked.methods and call.method not in asked.methods:
        return "Methods"
    return "" if any(_matches(pattern, call) for pattern in asked.resources("")) else "Paths"


def _matches(pattern: str, call: ApiCall) -> bool:
    """As policies match: a star stands for any text, slashes too."""
    regex = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(regex, f"/{call.method}{call.path}") is not None


def finding(view: TargetView, row: GrantRecord) -> Finding:
    """Where a grant that covers a call stands."""
    ended = row.grant.expires_at or ""
    return Finding(standing_of(view, row), view.target.full_name, row.id, ended=ended)


def standing_of(view: TargetView, row: GrantRecord) -> Standing:
    """Where a grant stands, whose target's publications are all in the view."""
    if row.withdrawn:
        return Standing.WITHDRAWN
    if row.has_expired(view.now):
        return Standing.EXPIRED
    if not view.open_on(row):
        is_quarantined = row.grant.origin.account in view.quarantined
        return Standing.QUARANTINED if is_quarantined else Standing.SUSPENDED
    if row.state is not GrantState.IN_FORCE:
        return Standing.WAITING
    is_api = isinstance(row.grant.specification, ApiExecution)
    return Standing.UNDEPLOYED if is_api and not row.deployed else Standing.IN_FORCE
