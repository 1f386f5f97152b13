"""The errors that Lambda really returns, through the whole controller (docs/aws-behaviour.md §1)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber
from centre import CONSUMER, FUNCTION, Centre, permission, source
from lambda_twin import (
    BROKEN,
    CONCURRENT,
    DENIED,
    MOVED,
    NOTHING,
    THROTTLED,
    LambdaTwin,
    centre_on,
    error,
    functions_without_policies,
)
from test_grant_lifecycle import FOREIGN

from provider.controller.function_policies import FunctionPolicies
from provider.core.documents import statements_of
from provider.core.errors import ResourceGone, ShutOut, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord, GrantState

ARN = Arn(FUNCTION)
URL = "https://lambda.eu-west-1.amazonaws.com/"
PASSING = {
    "a concurrent update": error(CONCURRENT, "PutResourcePolicy"),
    "a moved revision": error(MOVED, "PutResourcePolicy"),
    "throttling": error(THROTTLED, "PutResourcePolicy"),
    "a fault of the service": error(BROKEN, "PutResourcePolicy"),
    "no connection": EndpointConnectionError(endpoint_url=URL),
    "a connection that takes too long": ConnectTimeoutError(endpoint_url=URL),
    "an answer that never comes": ReadTimeoutError(endpoint_url=URL),
}


@pytest.fixture
def aws() -> LambdaTwin:
    return functions_without_policies()


@pytest.fixture
def on_lambda(aws: LambdaTwin) -> Centre:
    return centre_on(aws)


def create(centre: Centre) -> Any:
    return centre.ask(CONSUMER, permission().event("Create"))


@pytest.mark.parametrize("operation", ["get_resource_policy", "get_alias", "put_resource_policy"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_tried_again_within_seconds(
    on_lambda: Centre, aws: LambdaTwin, fault: Exception, operation: str
) -> None:
    aws.faults[operation] = [fault, fault]
    asked_at = on_lambda.clock.now()
    assert create(on_lambda).status == "SUCCESS"
    assert on_lambda.clock.now() - asked_at < 2.5
    assert on_lambda.sources() == [source()]
    assert not aws.faults[operation]


def test_a_write_that_went_through_without_an_answer_is_seen_when_it_is_read_again(
    on_lambda: Centre, aws: LambdaTwin
) -> None:
    put = aws.put_resource_policy

    def put_resource_policy(**arguments: Any) -> None:
        put(**arguments)
        raise ReadTimeoutError(endpoint_url=URL)

    aws.put_resource_policy = put_resource_policy  # type: ignore[method-assign]
    assert create(on_lambda).status == "SUCCESS"
    assert aws.puts == 1


def test_a_concurrent_update_is_no_duplicate_sid_and_what_it_wrote_stays(on_lambda: Centre, aws: LambdaTwin) -> None:
    """The one code means both; somebody else's statement lies there when we come again."""
    aws.faults["put_resource_policy"] = [error(CONCURRENT, "PutResourcePolicy")]
    aws.before["put_resource_policy"] = lambda: aws.change(FUNCTION, {"Version": "2012-10-17", "Statement": [FOREIGN]})
    assert create(on_lambda).status == "SUCCESS"
    assert (aws.document(FUNCTION) or {})["Statement"][0] == FOREIGN


def test_what_another_writes_between_our_look_and_our_write_stays(on_lambda: Centre, aws: LambdaTwin) -> None:
    """Nothing but the revision says that somebody was there."""
    aws.before["put_resource_policy"] = lambda: aws.change(FUNCTION, {"Version": "2012-10-17", "Statement": [FOREIGN]})
    assert create(on_lambda).status == "SUCCESS"
    assert (aws.document(FUNCTION) or {})["Statement"][0] == FOREIGN


def test_the_owners_own_permission_for_api_gateway_is_foreign(on_lambda: Centre, aws: LambdaTwin) -> None:
    """Ours are told by their Sid alone: the owner's own API has the same principal."""
    own = {**FOREIGN, "Sid": "own-api", "Principal": {"Service": "apigateway.amazonaws.com"}}
    own["Condition"] = {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:eu-west-1:333333333333:ownownown0/*"}}
    aws.change(FUNCTION, {"Version": "2012-10-17", "Statement": [own]})
    first = create(on_lambda).physical_id
    on_lambda.ask(CONSUMER, permission().event("Delete", first))
    assert (aws.document(FUNCTION) or {})["Statement"] == [own]


def test_a_document_that_aws_refuses_is_answered_at_once_with_what_aws_says(on_lambda: Centre, aws: LambdaTwin) -> None:
    dead = {**FOREIGN, "Sid": "dead", "Principal": {"AWS": "AROAEXAMPLE1234567890"}}
    aws.change(FUNCTION, {"Version": "2012-10-17", "Statement": [dead]})
    aws.refuses = lambda _document: True
    answer = create(on_lambda)
    assert answer.status == "FAILED"
    assert "The provided principal was invalid" in answer.reason
    assert answer.reason.endswith("Have its owner remove statement dead, whose principal was deleted.")
    assert aws.puts == 0


def test_no_policy_is_no_missing_function(on_lambda: Centre, aws: LambdaTwin) -> None:
    policies = on_lambda.policies
    assert policies.read(ARN).document is None
    del aws.functions[FUNCTION]
    with pytest.raises(ResourceGone):
        policies.read(ARN)


@pytest.mark.parametrize(
    ("gone", "expected", "state"), [(True, ResourceGone, None), (False, ShutOut, GrantState.ORPHANED)]
)
def test_a_refusal_for_a_function_that_is_gone_is_told_from_one_for_a_missing_tag(
    on_lambda: Centre, aws: LambdaTwin, gone: bool, expected: type[Exception], state: GrantState | None
) -> None:
    first = create(on_lambda).physical_id
    aws.untagged.add(FUNCTION)
    if gone:
        del aws.functions[FUNCTION]
    with pytest.raises(expected):
        on_lambda.policies.read(ARN)
    assert on_lambda.ask(CONSUMER, permission().event("Delete", first)).status == "SUCCESS"
    states = [row.state for row in on_lambda.ledger.rows.values() if isinstance(row, GrantRecord)]
    assert states == ([state] if state else [])


def test_throttling_of_the_question_whether_a_function_is_gone_is_no_refusal(
    on_lambda: Centre, aws: LambdaTwin
) -> None:
    aws.faults["get_resource_policy"] = [error(DENIED, "GetResourcePolicy")]
    aws.faults["list_tags"] = [error(THROTTLED, "ListTags")]
    with pytest.raises(WriteUnsettled):
        on_lambda.policies.read(ARN)


def scalars(document: dict[str, Any]) -> dict[str, Any]:
    """One-element lists as scalars, other cases of condition keys, other orders, a list for a single action."""
    statements = []
    for one in document["Statement"]:
        tests = {
            operator: {
                key.replace("AWS:", "aws:"): values[0] if len(values) == 1 else values[::-1]
                for key, values in keys.items()
                if isinstance(values, list)
            }
            for operator, keys in one["Condition"].items()
        }
        action = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        statements.append({"Condition": tests, **{key: one[key] for key in ("Resource", "Principal", "Effect", "Sid")}})
        statements[-1]["Action"] = action
    return {"Statement": statements[::-1], "Id": "default", "Version": "2012-10-17"}


@pytest.mark.parametrize("authorizers", [["abc123"], ["abc123", "def456"], None])
def test_what_is_read_back_in_another_form_is_what_was_written(
    on_lambda: Centre, aws: LambdaTwin, authorizers: list[str] | None
) -> None:
    aws.normalised = scalars
    event = permission(AuthorizerIds=authorizers).event("Create")
    assert on_lambda.ask(CONSUMER, event).status == "SUCCESS"
    on_lambda.clock.time += 3601
    on_lambda.round()
    assert aws.puts == 1


def test_a_lost_write_is_written_again(on_lambda: Centre, aws: LambdaTwin) -> None:
    """Lambda is known to lose writes that it has accepted."""
    aws.loses_writes = 2
    assert create(on_lambda).status == "SUCCESS"
    assert on_lambda.sources() == [source()]
    assert aws.puts == 3


def test_writes_that_are_always_lost_are_answered_as_such_and_leave_nothing(on_lambda: Centre, aws: LambdaTwin) -> None:
    aws.loses_writes = 10_000
    key = on_lambda.file(CONSUMER, permission().event("Create"))
    on_lambda.handle(key)
    for _ in range(5):
        on_lambda.clock.time += 21
        on_lambda.round()
    assert on_lambda.desk.answers[key].status == "FAILED"
    assert "read back" in on_lambda.desk.answers[key].reason
    aws.loses_writes = 0
    on_lambda.clock.time += 21
    on_lambda.round()
    assert aws.document(FUNCTION) is None
    assert not [row for row in on_lambda.ledger.rows.values() if isinstance(row, GrantRecord)]


def test_a_policy_that_somebody_removes_just_before_us_is_gone_as_it_should_be(
    on_lambda: Centre, aws: LambdaTwin
) -> None:
    first = create(on_lambda).physical_id
    aws.before["delete_resource_policy"] = lambda: aws.change(FUNCTION, None)
    assert on_lambda.ask(CONSUMER, permission().event("Delete", first)).status == "SUCCESS"
    assert aws.document(FUNCTION) is None


@pytest.mark.parametrize("asked_before", ["get_alias", "get_function_configuration"])
def test_the_first_statement_of_another_just_after_we_saw_none_is_not_overwritten(
    aws: LambdaTwin, asked_before: str
) -> None:
    """The revision must be older than the look at the policy, or it does not protect what came in between."""
    arn = Arn(FUNCTION if asked_before == "get_alias" else FUNCTION.removesuffix(":live"))
    aws.create(arn)
    aws.before[asked_before] = lambda: aws.change(arn, {"Version": "2012-10-17", "Statement": [FOREIGN]})
    policies = FunctionPolicies(lambda _arn: aws)
    live = policies.read(arn)
    ours = {**FOREIGN, "Sid": "ours"}
    with suppress(WriteUnsettled):
        policies.write(arn, {"Statement": [*statements_of(live.document), ours]}, live.revision)
    assert FOREIGN in statements_of(aws.document(arn))


NO_POLICY = (NOTHING[0], NOTHING[2], NOTHING[1])


def lambda_client() -> Any:
    """A client that never sends anything."""
    return botocore.session.Session().create_client(
        "lambda", "eu-west-1", aws_access_key_id="none", aws_secret_access_key="none"
    )


CALLS: dict[str, Callable[[FunctionPolicies], Any]] = {
    "put_resource_policy": lambda policies: policies.write(ARN, {"Statement": []}, "r" * 36),
    "delete_resource_policy": lambda policies: policies.write(ARN, None, "r" * 36),
    "get_resource_policy": lambda policies: policies.read(ARN),
}


@pytest.mark.parametrize("operation", CALLS)
def test_the_calls_are_as_lambda_describes_them(operation: str) -> None:
    """The AWS library checks the arguments against Lambda's own model before it would send anything."""
    client = lambda_client()
    with Stubber(client) as stubber:
        answer = {"Policy": "{}", "RevisionId": "r" * 36} if operation == "get_resource_policy" else {}
        stubber.add_response(operation, answer)
        CALLS[operation](FunctionPolicies(lambda _arn: client))
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("arn", "operation"),
    [(ARN, "get_alias"), (Arn(FUNCTION.removesuffix(":live")), "get_function_configuration")],
)
def test_the_calls_for_a_function_without_a_policy_are_as_lambda_describes_them(arn: Arn, operation: str) -> None:
    client = lambda_client()
    with Stubber(client) as stubber:
        stubber.add_client_error("get_resource_policy", *NO_POLICY)
        stubber.add_response(operation, {"RevisionId": "r" * 36})
        stubber.add_client_error("get_resource_policy", *NO_POLICY)
        live = FunctionPolicies(lambda _arn: client).read(arn)
    assert (live.document, live.revision) == (None, "r" * 36)


def test_the_question_for_tags_is_as_lambda_describes_it() -> None:
    client = lambda_client()
    with Stubber(client) as stubber:
        stubber.add_client_error("get_resource_policy", DENIED[0], DENIED[2], DENIED[1])
        stubber.add_client_error("list_tags", "ResourceNotFoundException", f"Function not found: {FUNCTION}", 404)
        with pytest.raises(ResourceGone):
            FunctionPolicies(lambda _arn: client).read(ARN)
        stubber.assert_no_pending_responses()
