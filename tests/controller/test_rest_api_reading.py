"""What the controller reads of a REST API: gone or shut, and in AWS's own forms (docs/aws-behaviour.md §3)."""

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from centre import CONSUMER, OWNER, Centre
from lambda_twin import error
from published_api import create, delete, publication, published_on, statements, states, time_passes
from resources import API, BUYER, SELLER, published
from rest_api_twin import DENIED, NO_API, THROTTLED, Api, RestApiTwin

from provider.controller.rest_api_policies import RestApiPolicies
from provider.core.errors import ResourceGone, ShutOut, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.records import GrantState

ARN = Arn(API)


@pytest.fixture
def aws() -> RestApiTwin:
    twin = RestApiTwin()
    twin.create("ordersapi0", "prod", "beta")
    return twin


@pytest.fixture
def api(aws: RestApiTwin) -> Api:
    return aws.apis["ordersapi0"]


@pytest.fixture
def centre(aws: RestApiTwin) -> Centre:
    return published_on(aws)


# --- gone, untagged, shut out ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "expected", "state"),
    [
        ("gone", ResourceGone, None),
        ("untagged", ShutOut, GrantState.ORPHANED),
        ("gone and said so", ResourceGone, None),
    ],
)
def test_an_api_that_is_gone_is_told_from_one_that_is_not_tagged(
    centre: Centre, aws: RestApiTwin, api: Api, how: str, expected: type[Exception], state: GrantState | None
) -> None:
    first = create(centre).physical_id
    api.tagged = False
    if how != "untagged":
        del aws.apis["ordersapi0"]
    if how == "gone and said so":
        aws.faults["get_rest_api"] = [error(NO_API, "GetRestApi")] * 10
    with pytest.raises(expected):
        centre.policies.read(ARN)
    assert delete(centre, first).status == "SUCCESS"
    assert states(centre) == ([state] if state else [])


def test_an_orphan_goes_when_the_account_lets_us(centre: Centre, api: Api) -> None:
    first = create(centre).physical_id
    api.tagged = False
    delete(centre, first)
    assert len(statements(api)) == 1
    api.tagged = True
    time_passes(centre)
    assert (api.policy, states(centre)) == (None, [])


def test_throttling_of_the_question_whether_an_api_is_gone_is_no_refusal(centre: Centre, aws: RestApiTwin) -> None:
    aws.faults["get_rest_api"] = [error(DENIED, "GetRestApi")]
    aws.faults["get_tags"] = [error(THROTTLED, "GetTags")]
    with pytest.raises(WriteUnsettled):
        centre.policies.read(ARN)


@pytest.mark.parametrize(("how", "words"), [("gone", "does not exist"), ("untagged", "CrossAccountPermission=allowed")])
def test_what_is_gone_or_not_tagged_is_not_published(centre: Centre, aws: RestApiTwin, how: str, words: str) -> None:
    if how == "untagged":
        aws.create("otherapi00", "prod", tagged=False)
    answer = centre.ask(OWNER, published("api", Name="other", RestApiId="otherapi00").event("Create"))
    assert (answer.status, words in answer.reason) == ("FAILED", True)


# --- what is read back -----------------------------------------------------------------------------


def scalars(document: dict[str, Any]) -> dict[str, Any]:
    """Lists of one as scalars, other orders, another case of keys, anybody by itself, ids for roots."""
    kept = []
    for one in document["Statement"]:
        tests = {
            operator: {
                key.lower(): values[0] if len(values) == 1 else values[::-1]
                for key, values in keys.items()
                if isinstance(values, list)
            }
            for operator, keys in one["Condition"].items()
        }
        principal = "*" if one["Principal"] == {"AWS": "*"} else {"AWS": OWNER}
        kept.append(
            {
                "Condition": tests,
                **{key: one[key] for key in ("Resource", "Effect", "Sid")},
                "Principal": principal,
                "Action": [one["Action"]],
            }
        )
    return {"Statement": kept[::-1], "Id": "x", "Version": "2012-10-17"}


@pytest.mark.parametrize(
    "given", [{}, {"Principals": [BUYER]}, {"Principals": [BUYER, SELLER], "Methods": ["GET", "PUT"]}]
)
@pytest.mark.parametrize("account", [CONSUMER, OWNER])
def test_what_is_read_back_in_another_form_is_what_was_written(
    centre: Centre, aws: RestApiTwin, account: str, given: dict[str, Any]
) -> None:
    """The owner's own account is a consumer like others, but for its root as principal."""
    aws.normalised = scalars
    given = {name: [one.replace(CONSUMER, account) for one in values] for name, values in given.items()}
    centre.ask(OWNER, published("api", AllowedAccounts=[CONSUMER, OWNER]).event("Update", publication(centre)))
    answer = create(centre, account=account, **(given or {"Principals": [BUYER.replace(CONSUMER, account)]}))
    assert answer.status == "SUCCESS", answer.reason
    for _ in range(3):
        time_passes(centre)
    assert aws.count("update_rest_api") == 1


# --- the calls, as API Gateway describes them -------------------------------------------------------


def stubbed(*answers: tuple[str, Any]) -> tuple[RestApiPolicies, Stubber]:
    """A client that never sends anything, and checks arguments and answers against API Gateway's own model."""
    client: Any = botocore.session.Session().create_client(
        "apigateway", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    stubber = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, tuple):
            stubber.add_client_error(operation, answer[0], answer[2], answer[1])
        else:
            stubber.add_response(operation, answer)
    return RestApiPolicies(lambda _arn: client), stubber


METHODS = {"GET": {"httpMethod": "GET", "authorizationType": "NONE"}}


@pytest.mark.parametrize(
    ("answers", "call", "expected"),
    [
        ([("update_rest_api", {})], lambda policies: policies.write(ARN, {"Statement": []}, None), None),
        ([("update_rest_api", {})], lambda policies: policies.write(ARN, None, None), None),
        ([("create_deployment", {})], lambda policies: policies.deploy(Arn(f"{API}/prod")), None),
        (
            [
                ("get_resources", {"items": [{"path": "/a", "resourceMethods": METHODS}], "position": "p"}),
                ("get_resources", {"items": [{"path": "/"}, {"path": "/b", "resourceMethods": METHODS}]}),
            ],
            lambda policies: policies.methods_for_everybody(ARN),
            ("GET /a", "GET /b"),
        ),
    ],
    ids=["write", "remove", "deploy", "methods"],
)
def test_the_calls_are_as_api_gateway_describes_them(answers: Any, call: Any, expected: Any) -> None:
    policies, stubber = stubbed(*answers)
    with stubber:
        assert call(policies) == expected
        stubber.assert_no_pending_responses()


def test_the_calls_for_a_stage_are_as_api_gateway_describes_them() -> None:
    policies, stubber = stubbed(
        ("get_stage", {"deploymentId": "d1", "canarySettings": {"percentTraffic": 5.0}}),
        ("get_deployment", {"id": "d1", "createdDate": datetime.fromtimestamp(1_795_000_000, UTC)}),
    )
    with stubber:
        stage = policies.stage(Arn(f"{API}/prod"))
    assert (stage.deployed_at, stage.has_canary) == (1_795_000_000, True)


def test_the_calls_for_an_api_that_is_gone_are_as_api_gateway_describes_them() -> None:
    policies, stubber = stubbed(("get_rest_api", DENIED), ("get_tags", NO_API))
    with stubber, pytest.raises(ResourceGone):
        policies.read(ARN)
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ('{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Resource\\":\\"a\\/b\\"}]}', [{"Resource": "a/b"}]),
        ('{"Version":"2012-10-17","Statement":[{"Resource":"a/b"}]}', [{"Resource": "a/b"}]),
        ("", None),
        (None, None),
    ],
    ids=["escaped", "plain", "empty", "none"],
)
def test_a_policy_is_read_escaped_as_aws_hands_it_back_or_plain(policy: str | None, expected: Any) -> None:
    policies, stubber = stubbed(
        ("get_rest_api", {"id": "ordersapi0", **({} if policy is None else {"policy": policy})})
    )
    with stubber:
        document = policies.read(ARN).document
    assert (document["Statement"] if document else None) == expected


def test_a_policy_that_cannot_be_read_is_not_written_over() -> None:
    policies, stubber = stubbed(("get_rest_api", {"id": "ordersapi0", "policy": '{\\"Version'}))
    with stubber, pytest.raises(WriteUnsettled, match="cannot be read"):
        policies.read(ARN)
