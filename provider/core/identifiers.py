"""Accounts, ARNs, origins and ids: the nouns that everything else is keyed by.

Every pattern is ASCII and matched whole, so that no Unicode digit, line end or case fold makes two
names look like one.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import NewType, Self

AccountId = NewType("AccountId", str)
Arn = NewType("Arn", str)
RequestId = NewType("RequestId", str)
UnitId = NewType("UnitId", str)
"""Of an organizational unit (`ou-…`) or of the root (`r-…`)."""
IssuedAt = NewType("IssuedAt", str)
"""CloudFormation's time of an event as `20261121T031800Z`; the form sorts as time does."""
DeclarationId = NewType("DeclarationId", str)
"""What a resource declares, as its PhysicalResourceId: `grant-…`, `publication-…` or `lookup-…` and 32 hex digits."""

ACCOUNT = re.compile(r"[0-9]{12}")
ISSUED_AT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DECLARATION = re.compile(r"(grant|publication|lookup|guard)-[0-9a-f]{32}")
_STACK = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):cloudformation:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]):(?P<account>[0-9]{12})"
    r":stack/[A-Za-z0-9-]{1,128}/[A-Za-z0-9-]{1,128}"
)
_UNIQUE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REST_API = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):execute-api:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]):(?P<account>[0-9]{12})"
    r":(?P<api>[a-z0-9]{5,30})(?:/(?P<stage>[A-Za-z0-9_-]{1,128}))?"
)
_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12})"
    r":role(?P<path>/cross-account/(?:(?!\.{1,2}/)[A-Za-z0-9+=,.@_-]+/)*)(?P<name>[A-Za-z0-9+=,.@_-]{1,64})"
)
_FUNCTION = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]):(?P<account>[0-9]{12})"
    r":function:(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>[A-Za-z0-9_-]{1,128}))?"
)


def is_declaration_id(text: str) -> bool:
    """Whether a PhysicalResourceId is of our form; an id that CloudFormation made up, or a failed one, is not."""
    return _DECLARATION.fullmatch(text) is not None


def digest(*parts: object) -> str:
    """32 hex digits over the canonical JSON of `parts`; equal values give equal digests, whatever their order."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class StackArn:
    """A stack's ARN, taken apart."""

    text: str
    partition: str
    region: str
    account: AccountId

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.text.split("/")[1]

    @property
    def is_real(self) -> bool:
        """Whether CloudFormation may have made it: then it ends with a UUID. Who has no stack makes up another end."""
        return _UNIQUE.fullmatch(self.text.rpartition("/")[2]) is not None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of a stack's ARN, or None where it is none."""
        match = _STACK.fullmatch(text)
        if match is None:
            return None
        return cls(text, match["partition"], match["region"], AccountId(match["account"]))


@dataclass(frozen=True, slots=True)
class FunctionArn:
    """The ARN of a function, or of an alias of it (`qualifier`)."""

    text: Arn
    partition: str
    region: str
    account: AccountId
    name: str
    qualifier: str | None

    @property
    def resource(self) -> Arn:
        """What has the policy: the function, and each alias, has one of its own."""
        return self.text

    @property
    def function(self) -> Arn:
        """The function without its qualifier."""
        return Arn(self.text.removesuffix(f":{self.qualifier}")) if self.qualifier else self.text

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of a function's or alias's ARN; None for a version, `$LATEST`, or anything else."""
        match = _FUNCTION.fullmatch(text)
        if match is None or (match["qualifier"] or "").isdecimal():
            return None
        return cls(
            Arn(text),
            match["partition"],
            match["region"],
            AccountId(match["account"]),
            match["name"],
            match["qualifier"],
        )


@dataclass(frozen=True, slots=True)
class RestApiArn:
    """A REST API, or a stage of it, by the ARN that IAM policies call it by.

    API Gateway's own ARNs hold no account, so two accounts could claim one.
    """

    text: Arn
    partition: str
    region: str
    account: AccountId
    api: str
    stage: str | None

    @property
    def resource(self) -> Arn:
        """What has the policy: the API, whatever the stage."""
        return Arn(self.text.removesuffix(f"/{self.stage}")) if self.stage else self.text

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of a REST API's or stage's ARN, or None where it is none."""
        match = _REST_API.fullmatch(text)
        if match is None:
            return None
        account = AccountId(match["account"])
        return cls(Arn(text), match["partition"], match["region"], account, match["api"], match["stage"])


@dataclass(frozen=True, slots=True)
class RoleArn:
    """A role under the path `/cross-account/`; no other can be published. Roles have no Region."""

    text: Arn
    partition: str
    account: AccountId
    name: str
    region: str = ""

    @property
    def resource(self) -> Arn:
        """What has the policy: the role."""
        return self.text

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of a role's ARN; None for one of another path, or anything else."""
        match = _ROLE.fullmatch(text)
        if match is None:
            return None
        return cls(Arn(text), match["partition"], AccountId(match["account"]), match["name"])


TargetArn = FunctionArn | RestApiArn | RoleArn


def target_arn(text: str) -> TargetArn:
    """The parts of what is published, by whatever service.

    Raises:
        ValueError: it is none of the three; the ledger holds no such text.
    """
    found = FunctionArn.parse(text) or RestApiArn.parse(text) or RoleArn.parse(text)
    if found is None:
        raise ValueError(text)
    return found


def resource_of(arn: Arn) -> Arn:
    """What has the policy that opens `arn`: the function or alias, the REST API of a stage, the role."""
    return target_arn(arn).resource


def are_alike(one: Arn, other: Arn) -> bool:
    """Whether two targets are of one kind: functions, stages of REST APIs, or roles."""
    return type(target_arn(one)) is type(target_arn(other))


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked: the verified account, its stack and the logical id in it."""

    account: AccountId
    stack_id: str
    logical_id: str

    @property
    def stack(self) -> StackArn:
        """The stack's ARN taken apart; `parse` in `requests` has made sure that it is one."""
        stack = StackArn.parse(self.stack_id)
        if stack is None:  # pragma: no cover - no Origin is made of anything else
            raise ValueError(self.stack_id)
        return stack

    @property
    def digest(self) -> str:
        """The origin as a key of fixed length."""
        return digest(self.account, self.stack_id, self.logical_id)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A published name: the owner's account, the environment and the name in it."""

    owner: AccountId
    environment: str
    name: str

    @property
    def full_name(self) -> str:
        """The name as consumers write it: `333333333333/token-service`."""
        return f"{self.owner}/{self.name}"
