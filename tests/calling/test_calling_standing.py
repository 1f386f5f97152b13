"""Where the permission for a call stands: of all that an account has on a stage, what is nearest to letting it through."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.calling.standing import ApiCall, Caller, Finding, Standing, of_authorizer, of_call
from provider.core.declarations import Grant, Publication, TargetReference
from provider.core.identifiers import AccountId, Arn, DeclarationId, IssuedAt, Origin, Target, digest, resource_of
from provider.core.records import GrantRecord, GrantState, PublicationRecord, TargetView
from provider.core.specifications import ApiExecution, AuthorizerUse, GrantType, Specification

CONSUMER, OWNER = AccountId("111111111111"), AccountId("333333333333")
NOW = 1_800_000_000.0
STAGE = Arn("arn:aws:execute-api:us-east-1:333333333333:a1b2c3d4e5/prod")
FUNCTION = Arn("arn:aws:lambda:us-east-1:333333333333:function:token:live")
TARGET = Target(OWNER, "default", "orders")
ROLE = "arn:aws:iam::111111111111:role/shop/buyer"
SESSION = "arn:aws:sts::111111111111:assumed-role/buyer/job-7"
CALL = ApiCall(Caller.of(SESSION), "a1b2c3d4e5", "us-east-1", "prod", "GET", "/orders/7")


def grant(asked: Specification, account: AccountId = CONSUMER, told: Arn = STAGE, **more: Any) -> GrantRecord:
    """A grant that is in force and deployed, unless `more` says otherwise."""
    stack = f"arn:aws:cloudformation:us-east-1:{account}:stack/s/{digest(str(more), repr(asked))[:8]}"
    origin = Origin(account, stack, "Permission")
    expires_at = more.pop("expires_at", None)
    found = DeclarationId(f"grant-{digest(account, stack, str(expires_at))}")
    made = Grant(found, origin, TargetReference(OWNER, "default", "orders"), asked, "", expires_at, None)
    row = GrantRecord(made, TARGET, told, IssuedAt("20261121T031800Z"), state=GrantState.IN_FORCE, deployed=True)
    return replace(row, placed=frozenset({resource_of(told)}), **more)


def view(*grants: GrantRecord, arn: Arn = STAGE, accounts: tuple[AccountId, ...] = (CONSUMER,)) -> TargetView:
    """The target as its owner publishes it for these accounts."""
    origin = Origin(OWNER, f"arn:aws:cloudformation:us-east-1:{OWNER}:stack/o/1", "Target")
    types = frozenset({GrantType.EXECUTE_API, GrantType.AUTHORIZER})
    published = Publication(
        id=DeclarationId(f"publication-{digest('o')}"),
        origin=origin,
        target=TARGET,
        arns=(arn,),
        grant_types=types,
        accounts=frozenset(accounts),
        organization=False,
    )
    record = PublicationRecord(published, IssuedAt("20261121T031800Z"), seen=True)
    return TargetView(TARGET, (record,), grants, NOW)


def standing(found: Finding) -> tuple[Standing, str]:
    return found.standing, found.lacks


WIDE = grant(ApiExecution())


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([], Standing.UNPUBLISHED),
        ([view(arn=Arn(STAGE.replace("/prod", "/beta")))], Standing.UNPUBLISHED),
        ([view(arn=Arn(STAGE.replace("us-east-1", "eu-west-1")))], Standing.UNPUBLISHED),
        ([view()], Standing.NOT_ASKED),
        ([view(grant(ApiExecution(), AccountId("444444444444")))], Standing.NOT_ASKED),
        ([view(grant(ApiExecution(), state=GrantState.WITHDRAWN))], Standing.WITHDRAWN),
        ([view(grant(ApiExecution(), state=GrantState.ORPHANED))], Standing.WITHDRAWN),
        ([view(grant(ApiExecution(), expires_at="2026-01-01T00:00:00Z"))], Standing.EXPIRED),
        ([view(grant(ApiExecution(), expires_at="2096-01-01T00:00:00Z"))], Standing.IN_FORCE),
        ([view(WIDE, accounts=())], Standing.SUSPENDED),
        ([replace(view(WIDE), quarantined=frozenset({CONSUMER}))], Standing.QUARANTINED),
        ([replace(view(WIDE), quarantined=frozenset({OWNER}))], Standing.IN_FORCE),
        ([view(grant(ApiExecution(), state=GrantState.WANTED))], Standing.WAITING),
        ([view(grant(ApiExecution(), state=GrantState.OBSTRUCTED))], Standing.WAITING),
        ([view(grant(ApiExecution(), deployed=False))], Standing.UNDEPLOYED),
        ([view(WIDE)], Standing.IN_FORCE),
    ],
)
def test_a_permission_stands_where_the_ledger_says(views: list[TargetView], expected: Standing) -> None:
    assert of_call(views, CALL).standing is expected


@pytest.mark.parametrize(
    ("asked", "call", "lacks"),
    [
        (ApiExecution(principals=(ROLE,)), CALL, ""),
        (ApiExecution(principals=(ROLE, "arn:aws:iam::111111111111:role/other")), CALL, ""),
        (ApiExecution(principals=("arn:aws:iam::111111111111:role/buyer2",)), CALL, "Principals"),
        (ApiExecution(principals=("arn:aws:iam::111111111111:user/buyer",)), CALL, "Principals"),
        (ApiExecution(principals=(ROLE,)), replace(CALL, caller=Caller.of(ROLE)), ""),
        (ApiExecution(principals=(ROLE,)), replace(CALL, caller=Caller.of(ROLE.replace("shop/", ""))), "Principals"),
        (
            ApiExecution(principals=("arn:aws:iam::111111111111:user/a",)),
            replace(CALL, caller=Caller.of("arn:aws:iam::111111111111:user/a")),
            "",
        ),
        (ApiExecution(methods=("GET", "POST")), CALL, ""),
        (ApiExecution(methods=("POST",)), CALL, "Methods"),
        (ApiExecution(paths=("/orders/*",)), CALL, ""),
        (ApiExecution(paths=("/orders",)), CALL, "Paths"),
        (ApiExecution(paths=("/*/7",)), CALL, ""),
        (ApiExecution(paths=("/o.ders/7",)), CALL, "Paths"),
        (ApiExecution(paths=("/orders/7",)), replace(CALL, path="/admin/orders/7"), "Paths"),
        (ApiExecution(vpc_endpoint_ids=("vpce-0123456789",)), CALL, "VpcEndpointIds"),
        (ApiExecution(vpc_endpoint_ids=("vpce-0123456789",)), replace(CALL, endpoint="vpce-0123456789"), ""),
        (AuthorizerUse("a1b2c3d4e5"), CALL, "GrantType"),
    ],
)
def test_a_grant_covers_a_call_or_lacks_it_by_one_property(asked: Specification, call: ApiCall, lacks: str) -> None:
    expected = Standing.NOT_COVERED if lacks else Standing.IN_FORCE
    assert standing(of_call([view(grant(asked))], call)) == (expected, lacks)


def test_of_several_grants_the_nearest_is_told() -> None:
    """The one that would let the call through soonest; of those that do not cover it, the nearest miss."""
    undeployed, ended = grant(ApiExecution(), deployed=False), grant(ApiExecution(), expires_at="2026-01-01T00:00:00Z")
    others, posts = grant(ApiExecution(principals=(ROLE + "2",))), grant(ApiExecution(methods=("POST",)))
    found = of_call([view(ended, undeployed, others)], CALL)
    assert (found.standing, found.grant, found.target) == (Standing.UNDEPLOYED, undeployed.id, "333333333333/orders")
    assert of_call([view(ended, others)], CALL).ended == "2026-01-01T00:00:00Z"
    assert standing(of_call([view(others, posts)], CALL)) == (Standing.NOT_COVERED, "Methods")
    assert of_call([view(others), view(WIDE)], CALL).standing is Standing.IN_FORCE


def test_a_permission_counts_where_its_stack_was_told_after_the_target_has_moved() -> None:
    """The old stage is still open for it."""
    moved = Arn(STAGE.replace("a1b2c3d4e5", "zzzzzzzzzz"))
    assert of_call([view(WIDE, arn=moved)], CALL).standing is Standing.IN_FORCE


@given(st.permutations([WIDE, grant(ApiExecution(), deployed=False), grant(ApiExecution(methods=("POST",)))]))
def test_the_order_of_the_ledger_does_not_matter(rows: list[GrantRecord]) -> None:
    assert of_call([view(*rows)], CALL) == Finding(Standing.IN_FORCE, "333333333333/orders", WIDE.id)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], Standing.UNPUBLISHED),
        ([grant(AuthorizerUse("zzzzzzzzzz"), told=FUNCTION)], Standing.UNPUBLISHED),
        ([grant(AuthorizerUse("a1b2c3d4e5"), told=FUNCTION)], Standing.IN_FORCE),
        ([grant(AuthorizerUse("a1b2c3d4e5"), told=FUNCTION, deployed=False)], Standing.IN_FORCE),
        ([grant(AuthorizerUse("a1b2c3d4e5"), AccountId("444444444444"), told=FUNCTION)], Standing.SUSPENDED),
    ],
)
def test_an_authorizer_s_permission_is_found_by_the_api(rows: list[GrantRecord], expected: Standing) -> None:
    """Nothing of it is deployed: a function's policy is in force as it stands."""
    assert of_authorizer([view(*rows, arn=FUNCTION)], "a1b2c3d4e5", "us-east-1").standing is expected
    assert of_authorizer([view(*rows, arn=FUNCTION)], "a1b2c3d4e5", "eu-west-1").standing is Standing.UNPUBLISHED
