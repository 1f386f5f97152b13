"""What a resource declares: a publication, a grant or a lookup, each with an id that follows from its content.

A changed specification is another declaration with another id; an equal one has the same id whenever,
and however often, it is asked for. That makes CloudFormation's PhysicalResourceId tell the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from provider.core.errors import ForeignArn, InvalidProperty, OwnPartAsTarget
from provider.core.identifiers import (
    AccountId,
    Arn,
    DeclarationId,
    FunctionArn,
    Origin,
    RestApiArn,
    RoleArn,
    Target,
    TargetArn,
    UnitId,
    digest,
    target_arn,
)
from provider.core.properties import PERMISSION, TARGET, is_true, validate
from provider.core.requests import Request
from provider.core.specifications import GrantType, Specification, checked

OWN_FUNCTIONS = "cross-account-permission"
"""How the names of this system's own functions begin; nobody may publish one, and the grantor role may touch none."""


@dataclass(frozen=True, slots=True)
class TargetReference:
    """A target as a template names it; without an owner it is a short name that a reservation must resolve."""

    owner: AccountId | None
    environment: str
    name: str

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "TargetReference":
        """The reference in valid properties (`Target`, `Environment`)."""
        owner, slash, name = str(properties["Target"]).rpartition("/")
        return cls(AccountId(owner) if slash else None, _environment(properties), name)


PER_ACCOUNT = 100
"""Grants of one account on a target, unless its owner says otherwise: a third of what a policy holds."""

SHARE = 40
"""Per cent of a policy that one of several accounts may take, unless its owner says otherwise: under half, since an account in the
middle of updates may hold twice what it asks for."""


class OpenMethods(StrEnum):
    """What the owner wants where a first statement would close methods of a REST API that anybody may call so far."""

    REFUSE = "Refuse"
    CLOSE = "Close"
    CLOSE_WHILE_GRANTED = "CloseWhileGranted"


@dataclass(frozen=True, slots=True)
class Publication:
    """One immutable record of what an owner has published under a name.

    `arns` are the places that a grant may stand on, one unless the owner lists qualifiers. `maximum_days` is for how many
    days a grant may be asked at most, None for ever; `per_account` is how many grants one account may have, `share` how many per
    cent of a policy that several accounts are let into. `units` are organizational units (or the root) whose accounts may ask. `redeploy` and `open_methods` are about REST APIs alone.
    """

    id: DeclarationId
    origin: Origin
    target: Target
    arns: tuple[Arn, ...]
    grant_types: frozenset[GrantType]
    accounts: frozenset[AccountId]
    organization: bool = False
    allow_deletion: bool = False
    retired: frozenset[Arn] = frozenset()
    maximum_days: int | None = None
    per_account: int = PER_ACCOUNT
    share: int = SHARE
    redeploy: bool = False
    open_methods: OpenMethods = OpenMethods.REFUSE
    units: frozenset[UnitId] = frozenset()

    def allows_by_name(self, account: AccountId) -> bool:
        """Whether an account may ask whatever organizational unit it is in."""
        return self.organization or account in self.accounts

    @property
    def resources(self) -> frozenset[Arn]:
        """What has the policies that grants on it are written into."""
        return frozenset(target_arn(arn).resource for arn in self.arns)

    @property
    def stage(self) -> str | None:
        """The stage of the published REST API; None for a function or role."""
        found = target_arn(self.arns[0])
        return found.stage if isinstance(found, RestApiArn) else None


@dataclass(frozen=True, slots=True)
class Grant:
    """One immutable permission: who asks, for what, on which target, until when (`expires_at`, None for ever).

    `wanted_on` is the ARN that a lookup has told its stack, where it says so.
    """

    id: DeclarationId
    origin: Origin
    reference: TargetReference
    specification: Specification
    revision: str = ""
    expires_at: str | None = None
    wanted_on: Arn | None = None

    @property
    def grant_type(self) -> GrantType:
        """The type that its specification is of."""
        found: GrantType = self.specification.grant_type
        return found

    @property
    def expiry(self) -> float | None:
        """When it ends, in epoch seconds."""
        return epoch(self.expires_at) if self.expires_at else None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question for where a target is; nothing is held for it."""

    id: DeclarationId
    reference: TargetReference


Declaration = Publication | Grant | Lookup


def declared(request: Request) -> Declaration:
    """What a Create or Update declares.

    Raises:
        Permanent: the properties break the schema of the type, or publish what is not the account's own.
    """
    validate(request.resource_type, request.properties)
    if request.resource_type == TARGET:
        return _publication(request.origin, request.properties)
    if request.resource_type == PERMISSION:
        return _grant(request.origin, request.properties)
    reference = TargetReference.of(request.properties)
    revision = request.properties.get("Revision", "")
    return Lookup(_id("lookup", request.origin, _reference_parts(reference), revision), reference)


def _publication(origin: Origin, properties: Mapping[str, Any]) -> Publication:
    target = Target(origin.account, _environment(properties), properties["Name"])
    arns = _published(origin, properties)
    retired = frozenset(
        _own(f"RetiredArns[{index}]", text, origin.account).text
        for index, text in enumerate(properties.get("RetiredArns", ()))
    )
    if both := retired & frozenset(arns):
        remedy = "Take it out of RetiredArns, or publish something else."
        raise InvalidProperty("RetiredArns", min(both), "is also what is published", remedy)
    publication = Publication(
        id=DeclarationId(""),
        origin=origin,
        target=target,
        arns=arns,
        grant_types=frozenset(GrantType(text) for text in properties["AllowedGrantTypes"]),
        accounts=frozenset(AccountId(text) for text in properties.get("AllowedAccounts", ())),
        organization=is_true(properties.get("AllowOrganization")),
        allow_deletion=is_true(properties.get("AllowDeletionWithConsumers")),
        retired=retired,
        maximum_days=int(properties["MaximumGrantDays"]) if "MaximumGrantDays" in properties else None,
        per_account=int(properties.get("MaximumGrantsPerAccount", PER_ACCOUNT)),
        share=int(properties.get("MaximumPolicySharePerAccount", SHARE)),
        redeploy=is_true(properties.get("RedeployOnChange")),
        open_methods=OpenMethods(properties.get("MethodsWithoutAuthorization", OpenMethods.REFUSE)),
        units=frozenset(UnitId(text) for text in properties.get("AllowedOrganizationalUnits", ())),
    )
    return replace(publication, id=_id("publication", origin, *_content(publication)))


def _content(one: Publication) -> tuple[object, ...]:
    """All that makes a publication another one."""
    offers = (one.target.environment, one.target.name, one.arns, sorted(one.grant_types), sorted(one.accounts))
    options = (
        one.organization,
        one.allow_deletion,
        sorted(one.retired),
        one.maximum_days,
        one.per_account,
        one.share,
        one.redeploy,
        one.open_methods,
    )
    # Without units it is the publication that it was before there were any.
    return (*offers, *options, *([sorted(one.units)] if one.units else ()))


def _published(origin: Origin, properties: Mapping[str, Any]) -> tuple[Arn, ...]:
    """The places that grants may stand on; the API of a bare id is one of the stack's own account and Region."""
    if "RestApiId" in properties:
        stack = origin.stack
        api = f"arn:{stack.partition}:execute-api:{stack.region}:{origin.account}:{properties['RestApiId']}"
        return (Arn(f"{api}/{properties['StageName']}"),)
    if "RoleArn" in properties:
        return (_own("RoleArn", properties["RoleArn"], origin.account).text,)
    function = _own("FunctionArn", properties["FunctionArn"], origin.account)
    qualifiers = properties.get("Qualifiers")
    if qualifiers and isinstance(function, FunctionArn) and function.qualifier:
        problem, remedy = "has a qualifier itself", "With Qualifiers, give the ARN of the function alone."
        raise InvalidProperty("FunctionArn", function.text, problem, remedy)
    return tuple(Arn(f"{function.text}:{one}") for one in sorted(qualifiers)) if qualifiers else (function.text,)


def _own(name: str, text: str, account: AccountId) -> TargetArn:
    arn = FunctionArn.parse(text) or RestApiArn.parse(text) or RoleArn.parse(text)
    if arn is None:
        problem = "is not the ARN of a function or alias, a stage, or a role under /cross-account/"
        raise InvalidProperty(name, text, problem, "Give such an ARN (no version, no $LATEST).")
    if arn.account != account:
        raise ForeignArn(name, text, account)
    if isinstance(arn, FunctionArn) and arn.name.startswith(OWN_FUNCTIONS):
        raise OwnPartAsTarget(name, text)
    return arn


def _grant(origin: Origin, properties: Mapping[str, Any]) -> Grant:
    reference = TargetReference.of(properties)
    asked = checked(properties["GrantType"], properties, origin)
    expires_at = properties.get("ExpiresAt")
    if expires_at is not None and epoch(expires_at) is None:
        raise InvalidProperty(
            "ExpiresAt", expires_at, "is no time", "Give a time in UTC, such as 2027-01-31T00:00:00Z."
        )
    wanted_on = Arn(properties["TargetArn"]) if "TargetArn" in properties else None
    # The revision is part of the id: a changed one is another grant, which is told where the target is
    # now, while the old grant keeps the old ARN open until CloudFormation cleans it up.
    revision = properties.get("Revision", "")
    content = (_reference_parts(reference), asked.grant_type, asked.properties, revision, expires_at, wanted_on)
    return Grant(_id("grant", origin, *content), origin, reference, asked, revision, expires_at, wanted_on)


def epoch(text: str) -> float | None:
    """A time such as `2027-01-31T00:00:00Z` in epoch seconds; None where it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _environment(properties: Mapping[str, Any]) -> str:
    return str(properties.get("Environment", "default"))


def _reference_parts(reference: TargetReference) -> tuple[str, str, str]:
    return (reference.owner or "", reference.environment, reference.name)


def _id(kind: str, origin: Origin, *specification: object) -> DeclarationId:
    return DeclarationId(f"{kind}-{digest(origin.account, origin.stack_id, origin.logical_id, *specification)}")
