"""A stack asks, and the function's policy says so: through CloudFormation, IAM and the real zips."""

import json
import re

import pytest
from rolled_out import EXAMPLES, TEMPLATES, Organization

from provider.cli.main import run
from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import StackFailed

CONSUMER, OWNER, INTRUDER = ACCOUNTS["consumer"], ACCOUNTS["owner"], ACCOUNTS["intruder"]
PERMISSION = TEMPLATES / "permission.yaml"


def source(api: str = "a1b2c3d4e5", authorizer: str = "*", region: str = "us-east-1") -> str:
    return f"arn:aws:execute-api:{region}:{CONSUMER}:{api}/authorizers/{authorizer}"


def test_the_plain_example_is_granted_narrowed_and_deleted(org: Organization, stack: str) -> None:
    """The two example stacks as a reader would deploy them; the owner's own statement stays as it was."""
    owner = org.deploy("owner", f"{stack}-owner", EXAMPLES / "token-service.yaml", ConsumerAccountIds=CONSUMER)
    arn = owner["TargetArn"]
    function, qualifier = arn.rsplit(":", 1)
    org.cloud.client("lambda", "owner").add_permission(
        FunctionName=function,
        Qualifier=qualifier,
        StatementId="mine",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::bucket",
    )
    before = org.policy(arn)
    outputs = org.deploy("consumer", stack, EXAMPLES / "orders-api.yaml", Target=owner["TargetName"])
    assert org.sources(arn) == [source(outputs["ApiId"])]
    narrowed = {"Target": owner["TargetName"], "OnlyAuthorizerId": outputs["AuthorizerId"]}
    again = org.deploy("consumer", stack, EXAMPLES / "orders-api.yaml", **narrowed)
    assert org.sources(arn) == [source(outputs["ApiId"], outputs["AuthorizerId"])]
    assert again["GrantId"] != outputs["GrantId"]
    assert org.policy(arn)["Statement"][0] == before["Statement"][0]
    org.delete("consumer", stack)
    assert org.policy(arn) == before
    org.delete("owner", f"{stack}-owner")


def test_the_sam_example_is_granted_through_the_lookup(org: Organization, stack: str) -> None:
    owner = org.deploy("owner", f"{stack}-owner", EXAMPLES / "token-service.yaml", ConsumerAccountIds=CONSUMER)
    outputs = org.deploy("consumer", stack, EXAMPLES / "orders-api-sam.yaml", Target=owner["TargetName"])
    assert org.sources(owner["TargetArn"]) == [source(outputs["ApiId"])]
    assert outputs["TargetArn"] == owner["TargetArn"]
    org.delete("consumer", stack)
    assert org.policy(owner["TargetArn"]) is None


def test_callers_get_through_the_authorizer_for_as_long_as_the_owner_allows(org: Organization, stack: str) -> None:
    """Real calls: the token decides; without the statement API Gateway answers 500 (docs/aws-behaviour.md §2)."""
    name = f"{stack}-owner"
    owner = org.deploy("owner", name, EXAMPLES / "token-service.yaml", ConsumerAccountIds=CONSUMER)
    url = org.deploy("consumer", stack, EXAMPLES / "orders-api.yaml", Target=owner["TargetName"])["OrdersUrl"]
    assert org.call(url, Authorization="Bearer demo-token") == 200
    assert org.call(url, Authorization="Bearer something-else") == 401
    org.deploy("owner", name, EXAMPLES / "token-service.yaml", ConsumerAccountIds=INTRUDER)
    assert org.policy(owner["TargetArn"]) is None
    # API Gateway caches the authorizer's answers by token: only a new one shows whether it may still be asked.
    assert org.call(url, Authorization="Bearer new") == 500
    org.deploy("owner", name, EXAMPLES / "token-service.yaml", ConsumerAccountIds=CONSUMER)
    assert org.call(url, Authorization="Bearer newer") == 401
    org.delete("consumer", stack)
    org.delete("owner", name)


def test_http_and_websocket_apis_are_granted_like_rest_apis(org: Organization, stack: str) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    outputs = org.deploy("consumer", stack, TEMPLATES / "http-and-websocket.yaml", Target=target)
    assert org.sources(arn) == sorted([source(outputs["HttpApi"]), source(outputs["WebSocketApi"])])
    org.delete("consumer", stack)
    assert org.policy(arn) is None


def test_api_and_function_may_be_in_different_regions(org: Organization, stack: str) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    outputs = org.deploy("consumer", stack, PERMISSION, region="eu-west-1", Target=target)
    assert org.sources(arn) == [source(region="eu-west-1")]
    assert outputs["AuthorizerUri"].startswith("arn:aws:apigateway:us-east-1:lambda:")
    org.delete("consumer", stack, region="eu-west-1")
    assert org.policy(arn) is None


def test_a_moved_target_interrupts_nobody_and_a_changed_revision_tells_the_new_arn(
    org: Organization, stack: str
) -> None:
    old, new = org.function(), org.function()
    owner, target = org.publish(old)
    org.deploy("consumer", stack, PERMISSION, Target=target)
    org.publish(new, stack=owner)
    assert (org.sources(old), org.sources(new)) == ([source()], [source()])
    told = org.deploy("consumer", stack, PERMISSION, Target=target, Revision="2")
    assert told["TargetArn"] == new
    assert (org.policy(old), org.sources(new)) == (None, [source()])


def test_a_target_with_consumers_is_not_deleted_by_mistake(org: Organization, stack: str) -> None:
    arn = org.function()
    owner, target = org.publish(arn)
    org.deploy("consumer", stack, PERMISSION, Target=target)
    with pytest.raises(StackFailed, match="still has 1 grant") as refused:
        org.delete("owner", owner)
    assert "AllowDeletionWithConsumers: true" in refused.value.reason
    assert org.sources(arn) == [source()]


def test_a_target_that_says_so_is_deleted_and_suspends_its_grants(org: Organization, stack: str) -> None:
    arn = org.function()
    owner, target = org.publish(arn, AllowDeletion="true")
    org.deploy("consumer", stack, PERMISSION, Target=target)
    org.delete("owner", owner)
    assert org.policy(arn) is None
    org.publish(arn, stack=owner)
    assert org.sources(arn) == [source()]


def test_an_update_that_fails_elsewhere_is_rolled_back_to_what_stood_before(org: Organization, stack: str) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    org.deploy("consumer", stack, PERMISSION, Target=target)
    with pytest.raises(StackFailed, match="Elsewhere"):
        org.deploy("consumer", stack, PERMISSION, Target=target, ApiId="zzzzzzzzzz", Broken="yes")
    assert org.sources(arn) == [source()]


def test_a_create_that_fails_elsewhere_leaves_nothing(org: Organization, stack: str) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    with pytest.raises(StackFailed, match="Elsewhere"):
        org.deploy("consumer", stack, PERMISSION, Target=target, Broken="yes")
    assert org.policy(arn) is None


def test_an_account_that_is_not_allowed_is_refused_until_its_owner_allows_it(org: Organization, stack: str) -> None:
    arn = org.function()
    owner, target = org.publish(arn)
    with pytest.raises(StackFailed, match=f"Account {INTRUDER} is not allowed") as refused:
        org.deploy("intruder", stack, PERMISSION, Target=target)
    assert "AllowedAccounts" in refused.value.reason
    assert org.policy(arn) is None
    org.delete("intruder", stack)
    org.publish(arn, accounts=f"{CONSUMER},{INTRUDER}", stack=owner)
    org.deploy("intruder", stack, PERMISSION, Target=target)
    assert org.sources(arn) == [source().replace(CONSUMER, INTRUDER)]


@pytest.mark.parametrize(
    ("parameters", "names", "remedy"),
    [
        ({"ApiId": "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5"}, "Property ApiId", "!Ref of the API"),
        ({"GrantType": "Everything"}, "Property GrantType: 'Everything'", "whichever the target offers."),
        (
            {"Target": f"{OWNER}/nothing"},
            f"'{OWNER}/nothing' is not published",
            "deploy its Custom::CrossAccountTarget",
        ),
        ({"Target": "nothing"}, "'nothing' is no reserved name", "reserve the name"),
        ({"Environment": "Dev"}, "Property Environment: 'Dev'", "lower-case letters"),
    ],
    ids=["api id", "grant type", "unknown target", "short name", "environment"],
)
def test_bad_input_is_a_reason_in_the_stacks_events(
    org: Organization, stack: str, parameters: dict[str, str], names: str, remedy: str
) -> None:
    with pytest.raises(StackFailed) as failed:
        org.deploy("consumer", stack, PERMISSION, **{"Target": f"{OWNER}/token-service", **parameters})
    assert names in failed.value.reason
    assert remedy in failed.value.reason


def test_another_accounts_function_is_not_published(org: Organization, stack: str) -> None:
    arn = org.function()
    parameters = {"Name": stack, "FunctionArn": arn, "Accounts": CONSUMER}
    with pytest.raises(StackFailed, match="is not in account"):
        org.deploy("intruder", stack, TEMPLATES / "target.yaml", **parameters)


def test_a_function_without_the_owners_tag_is_not_published(org: Organization) -> None:
    arn = org.function(tagged=False)
    with pytest.raises(StackFailed, match="tag it CrossAccountPermission=allowed"):
        org.publish(arn)


def test_a_function_that_does_not_exist_is_told_from_one_without_the_tag(org: Organization) -> None:
    with pytest.raises(StackFailed, match="does not exist"):
        org.publish(f"arn:aws:lambda:us-east-1:{OWNER}:function:nothing:live")


def test_a_foreign_statement_with_a_deleted_principal_is_named(org: Organization, stack: str) -> None:
    """AWS refuses to take such a policy again; the owner must be told which statement it is."""
    arn = org.function()
    _, target = org.publish(arn)
    iam, owner = org.cloud.client("iam", "owner"), org.cloud.client("lambda", "owner")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=stack, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    function, qualifier = arn.rsplit(":", 1)
    permission = {"StatementId": "theirs", "Action": "lambda:InvokeFunction", "Principal": role}
    owner.add_permission(FunctionName=function, Qualifier=qualifier, **permission)
    iam.delete_role(RoleName=stack)
    with pytest.raises(StackFailed, match="Have its owner remove statement theirs, whose principal was deleted"):
        org.deploy("consumer", stack, PERMISSION, Target=target)
    assert org.sources(arn) == []


def test_a_delete_works_when_the_function_has_gone(org: Organization, stack: str) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    org.deploy("consumer", stack, PERMISSION, Target=target)
    org.cloud.client("lambda", "owner").delete_function(FunctionName=arn.rsplit(":", 1)[0])
    org.delete("consumer", stack)


def test_a_reserved_name_works_without_the_account(
    org: Organization, stack: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = org.function()
    name, _ = org.publish(arn)
    for variable, value in org.cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)
    assert run(["names", "reserve", name, "--account", OWNER]) == 0
    assert run(["names", "reserve", name, "--account", CONSUMER]) == 1
    assert f"reserved for account {OWNER}" in capsys.readouterr().err
    org.deploy("consumer", stack, PERMISSION, Target=name)
    assert org.sources(arn) == [source()]
    assert run(["names", "list"]) == 0
    assert re.search(rf"default\s+{name}\s+{OWNER}", capsys.readouterr().out)


def test_no_request_stays_unanswered(org: Organization) -> None:
    assert org.cloud.client("dynamodb", "central").scan(TableName="cross-account-permission-requests")["Items"] == []


def test_no_log_holds_a_credential_or_a_response_url(org: Organization, stack: str) -> None:
    """Whatever the functions have printed up to here, and at least one event."""
    _, target = org.publish(org.function())
    org.deploy("consumer", stack, PERMISSION, Target=target)
    logs = org.cloud.logs()
    assert '"outcome": "SUCCESS"' in logs
    for secret in (
        "X-Amz-Signature",
        '"ResponseURL"',  # as an event holds it; refusals name the word
        "cloudformation-custom-resource-response",
        "SecretAccessKey",
        "ASIA",
    ):
        assert secret not in logs
