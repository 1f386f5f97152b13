"""What a resource declares: a publication, a grant or a lookup, each with an id that follows from its content.

A changed specification is another declaration with another id; an equal one has the same id whenever,
and however often, it is asked for. That makes CloudFormation's PhysicalResourceId tell the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provider.core.errors import ForeignArn, InvalidProperty, OwnPartAsTarget
from provider.core.identifiers import AccountId, Arn, DeclarationId, FunctionArn, Origin, Target, digest
from provider.core.properties import PERMISSION, TARGET, is_true, validate
from provider.core.requests import Request

OWN_FUNCTIONS = "cross-account-permission"
"""How the names of this system's own functions begin; nobody may publish one, and the grantor role may touch none."""


class GrantType(StrEnum):
    """What a consumer may ask for."""

    AUTHORIZER = "Authorizer"


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


@dataclass(frozen=True, slots=True)
class Publication:
    """One immutable record of what an owner has published under a name."""

    id: DeclarationId
    origin: Origin
    target: Target
    arn: Arn
    grant_types: frozenset[GrantType]
    accounts: frozenset[AccountId]
    organization: bool
    allow_deletion: bool
    retired: frozenset[Arn]


@dataclass(frozen=True, slots=True)
class Grant:
    """One immutable permission: who asks, for what, on which target."""

    id: DeclarationId
    origin: Origin
    reference: TargetReference
    grant_type: GrantType
    api_id: str
    authorizer_ids: tuple[str, ...]
    revision: str = ""

    @property
    def source_arns(self) -> tuple[str, ...]:
        """The authorizers that may invoke, as API Gateway names them (docs/aws-behaviour.md §2).

        Account and Region are the verified stack's: nobody can ask for another account's API.
        """
        stack = self.origin.stack
        api = f"arn:{stack.partition}:execute-api:{stack.region}:{self.origin.account}:{self.api_id}"
        return tuple(f"{api}/authorizers/{authorizer}" for authorizer in self.authorizer_ids or ("*",))


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
    arn = _own_function("FunctionArn", properties["FunctionArn"], origin.account).text
    retired = frozenset(
        _own_function(f"RetiredArns[{index}]", text, origin.account).text
        for index, text in enumerate(properties.get("RetiredArns", ()))
    )
    if arn in retired:
        raise InvalidProperty(
            "RetiredArns", arn, "is also the FunctionArn", "Take it out of RetiredArns, or publish another function."
        )
    grant_types = frozenset(GrantType(text) for text in properties["AllowedGrantTypes"])
    accounts = frozenset(AccountId(text) for text in properties.get("AllowedAccounts", ()))
    organization = is_true(properties.get("AllowOrganization"))
    allow_deletion = is_true(properties.get("AllowDeletionWithConsumers"))
    parts = (target.environment, target.name, arn, sorted(grant_types), sorted(accounts))
    options = (organization, allow_deletion, sorted(retired))
    publication_id = _id("publication", origin, parts, options)
    return Publication(
        publication_id, origin, target, arn, grant_types, accounts, organization, allow_deletion, retired
    )


def _own_function(name: str, text: str, account: AccountId) -> FunctionArn:
    arn = FunctionArn.parse(text)
    if arn is None:
        raise InvalidProperty(
            name, text, "is not the ARN of a function or alias", "Give such an ARN (no version, no $LATEST)."
        )
    if arn.account != account:
        raise ForeignArn(name, text, account)
    if arn.name.startswith(OWN_FUNCTIONS):
        raise OwnPartAsTarget(name, text)
    return arn


def _grant(origin: Origin, properties: Mapping[str, Any]) -> Grant:
    reference = TargetReference.of(properties)
    grant_type = GrantType(properties["GrantType"])
    authorizer_ids = tuple(sorted(properties.get("AuthorizerIds", ())))
    specification = (_reference_parts(reference), grant_type, properties["ApiId"], authorizer_ids)
    # The revision is part of the id: a changed one is another grant, which is told where the target is
    # now, while the old grant keeps the old ARN open until CloudFormation cleans it up.
    revision = properties.get("Revision", "")
    grant_id = _id("grant", origin, specification, revision)
    return Grant(grant_id, origin, reference, grant_type, properties["ApiId"], authorizer_ids, revision)


def _environment(properties: Mapping[str, Any]) -> str:
    return str(properties.get("Environment", "default"))


def _reference_parts(reference: TargetReference) -> tuple[str, str, str]:
    return (reference.owner or "", reference.environment, reference.name)


def _id(kind: str, origin: Origin, *specification: object) -> DeclarationId:
    return DeclarationId(f"{kind}-{digest(origin.account, origin.stack_id, origin.logical_id, *specification)}")
