"""Foreign statements translated into the grants that would mean the same: whose stacks would have to ask, and for what.

Pure, and careful: what is not understood as a whole has no counterparts but an obstacle. Statements are taken as AWS hands them back
(docs/aws-behaviour.md §1 to §4): scalars for lists of one, ids of accounts for their roots, condition keys in any case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from provider.core.declarations import Grant, TargetReference
from provider.core.documents import Document
from provider.core.errors import Permanent
from provider.core.foreign import (
    ENDPOINT,
    EXTERNAL_ID,
    ORGANIZATION,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    Untranslatable,
    authorizers,
    callers,
    conditions,
    plain,
    principals,
    values,
)
from provider.core.identifiers import (
    AccountId,
    Arn,
    DeclarationId,
    FunctionArn,
    Origin,
    RestApiArn,
    RoleArn,
    TargetArn,
    target_arn,
)
from provider.core.properties import PERMISSION, schema, validate
from provider.core.routes import routes
from provider.core.specifications import GrantType, Specification, checked
from provider.core.statements import Statement, render

API_GATEWAY = "apigateway.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A grant that would mean what a statement means for one account: on which ARN, and for what.

    `region` is where the account's stack would have to stand, "" for anywhere.
    """

    account: AccountId
    region: str
    arn: Arn
    specification: Specification

    @property
    def grant_type(self) -> GrantType:
        """The type of the grant."""
        found: GrantType = self.specification.grant_type
        return found

    @property
    def grant(self) -> Grant:
        """The grant as some stack of the account would declare it; its id and target are not known."""
        origin = _any_stack(self.account, self.region, target_arn(self.arn))
        return Grant(DeclarationId(""), origin, TargetReference(None, "", ""), self.specification)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What the grant would need in the policy."""
        return render(self.grant, self.arn)


@dataclass(frozen=True, slots=True)
class Translation:
    """The counterparts of a statement; where it has none, the `obstacle` says why and what to do.

    `besides` are keys of conditions that narrow the statement and that no grant repeats, because whoever can ask meets them.
    """

    counterparts: tuple[Counterpart, ...] = ()
    besides: tuple[str, ...] = ()
    obstacle: str = ""


def translated(statement: Document, resource: Arn) -> Translation:
    """What would mean the same as a foreign statement in the policy of `resource`."""
    target = target_arn(resource)
    try:
        plain(statement, _ACTIONS[type(target)])
        tests = conditions(statement.get("Condition", {}))
        found = tuple(_counterparts(statement, tests, target))
        for one in found:
            _check(one)
    except Untranslatable as obstacle:
        return Translation(obstacle=str(obstacle))
    return Translation(found, tuple(key for key in (SOURCE_ACCOUNT, ORGANIZATION) if key in tests))


_ACTIONS: Mapping[type[TargetArn], str] = {
    FunctionArn: "lambda:InvokeFunction",
    RestApiArn: "execute-api:Invoke",
    RoleArn: "sts:AssumeRole",
}
_WHO = frozenset({PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, ORGANIZATION})


def _counterparts(statement: Document, tests: Mapping[str, Sequence[str]], target: TargetArn) -> Iterable[Counterpart]:
    match target:
        case FunctionArn():
            if values(statement.get("Resource", ())) != [target.text]:
                raise Untranslatable("its Resource is not just this function", "Name the function or alias alone")
            if statement["Principal"] in ({"Service": API_GATEWAY}, {"Service": [API_GATEWAY]}):
                return _authorizer(tests, target)
            _known(statement, tests, _WHO)
            return _for_each(statement, tests, target, [(target.text, GrantType.INVOKE_FUNCTION, {})])
        case RestApiArn():
            _known(statement, tests, _WHO | {ENDPOINT})
            reached = routes(values(statement.get("Resource", ())), target)
            through = _shared("VpcEndpointIds", tests.get(ENDPOINT, ()))
            wanted = [
                (Arn(f"{target.text}/{one.stage}"), GrantType.EXECUTE_API, {**one.properties(), **some})
                for one in reached
                for some in through
            ]
            return _for_each(statement, tests, target, wanted)
        case RoleArn():
            _known(statement, tests, _WHO | {EXTERNAL_ID})
            if "Resource" in statement:
                raise Untranslatable("it names a Resource, which no trust policy has", "Leave that out")
            said: list[dict[str, Any]] = [{"ExternalId": one} for one in tests.get(EXTERNAL_ID, ())] or [{}]
            return _for_each(statement, tests, target, [(target.text, GrantType.ASSUME_ROLE, one) for one in said])


def _authorizer(tests: Mapping[str, Sequence[str]], target: FunctionArn) -> Iterable[Counterpart]:
    """API Gateway as authorizer, of the APIs that the statement names (docs/aws-behaviour.md §2)."""
    _no_more(tests, frozenset({SOURCE_ARN, SOURCE_ACCOUNT}))
    for (account, region, api), ids in authorizers(tests, target).items():
        named = () if "*" in ids else ids
        for some in _shared("AuthorizerIds", named):
            yield _counterpart(account, region, target.text, GrantType.AUTHORIZER, {"ApiId": api, **some})


_Wanted = tuple[Arn, GrantType, Mapping[str, Any]]


def _for_each(
    statement: Document, tests: Mapping[str, Sequence[str]], target: TargetArn, wanted: Sequence[_Wanted]
) -> Iterable[Counterpart]:
    """The same for each account that is let in, for its principals where some are named."""
    for account, named in callers(statement["Principal"], tests, target).items():
        for (arn, grant_type, given), some in product(wanted, _shared("Principals", named)):
            yield _counterpart(account, "", arn, grant_type, {**given, **some})


def _shared(name: str, given: Iterable[str]) -> list[dict[str, Any]]:
    """A property's values, shared out among as many grants as its schema makes of them; one without it where there are none."""
    most, found = schema(PERMISSION)["properties"][name]["maxItems"], sorted(set(given))
    return [{name: found[start : start + most]} for start in range(0, len(found), most)] or [{}]


def _known(statement: Document, tests: Mapping[str, Sequence[str]], known: frozenset[str]) -> None:
    """Return where it names accounts, roles and users, under conditions that grants know."""
    principals(statement["Principal"])
    _no_more(tests, known)


def _no_more(tests: Mapping[str, Sequence[str]], known: frozenset[str]) -> None:
    for key in sorted(tests.keys() - known):
        raise Untranslatable(f"it has a condition on {key}, and no grant has", "Write it without, if it can do without")


def _counterpart(
    account: AccountId, region: str, arn: Arn, grant_type: GrantType, properties: Mapping[str, Any]
) -> Counterpart:
    origin = _any_stack(account, region, target_arn(arn))
    try:
        validate(PERMISSION, {"ServiceToken": "-", "Target": "target", "GrantType": grant_type.value, **properties})
        return Counterpart(account, region, arn, checked(grant_type, properties, origin))
    except Permanent as error:
        raise Untranslatable(
            f"no permission can ask for it: {error.fact.rstrip('.')}", error.remedy.rstrip(".")
        ) from error


def _check(one: Counterpart) -> None:
    """No counterpart is for the owner's own account."""
    if one.account == target_arn(one.arn).account:
        raise Untranslatable(
            "it is for the owner's own account", "Leave it, or write others' permissions by themselves"
        )


def _any_stack(account: AccountId, region: str, target: TargetArn) -> Origin:
    """A stack of an account as grants know it: statements say nothing of it but account, Region and partition."""
    where = region or target.region or "us-east-1"
    return Origin(account, f"arn:{target.partition}:cloudformation:{where}:{account}:stack/adopted/0", "Adopted")
