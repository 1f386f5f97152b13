"""The local cloud, which words refusals as AWS does, brings each cause about; `call` tells it from the others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.session import Session
from conftest import Call, Called
from identities import Someone, allow, become, make_role, someone
from rest_apis import ANSWER, Api, make_api, statement

from provider.calling.causes import WORDS, Kind
from provider.cli.errors import ExitCode
from provider.localcloud import LocalCloud

INVOKE = "execute-api:Invoke"
PRIVATE = {"endpointConfiguration": {"types": ["PRIVATE"]}}
DENY = {"Effect": "Deny"}


@pytest.fixture
def api(cloud: LocalCloud) -> Api:
    """An API whose one method wants a signature."""
    return make_api(cloud, authorization="AWS_IAM")


@pytest.fixture
def buyer(cloud: LocalCloud) -> Someone:
    """A role of another account, which that account lets call whatever it wants."""
    return someone(cloud, "consumer", allow(INVOKE))


def url(api: Api, rest: str = "live/", host: str = "") -> str:
    return f"https://{host or api.host}/{rest}"


def assert_cause(called: Called, kind: Kind, *words: str) -> None:
    """The call has failed, and what is said is the sentence of this kind."""
    assert called.code == ExitCode.NEGATIVE, called
    assert called.first.startswith("FAILED ")
    fact, remedy = WORDS[kind]
    for part in (fact, remedy):
        beginning = part.partition("{")[0]
        assert beginning in called.err, called.err
    for word in words:
        assert word in called.err
    assert called.err.startswith("Error: ")
    assert called.err.count("\n") == 1


def test_who_is_let_in_gets_the_answer(api: Api, buyer: Someone, call: Call) -> None:
    """At the endpoint that is configured, under the API's own host name."""
    api.opened(statement())
    called = call(buyer, api.cloud.endpoint, url(api))
    assert (called.code, called.first, called.err) == (ExitCode.OK, "SUCCESS 200", "")
    assert json.loads(called.out.partition("\n")[2]) == ANSWER


def test_a_role_is_assumed_with_its_external_id_and_signs(cloud: LocalCloud, api: Api, call: Call) -> None:
    """Without the external id its trust refuses, as AWS says it."""
    trusting = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "111111111111"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "orders-7"}},
        }
    ]
    role = make_role(cloud, "owner", allow(INVOKE), trusting=trusting)
    caller = someone(cloud, "consumer", allow("sts:AssumeRole"))
    api.deploy()
    role_arn = ["--role-arn", role]
    called = call(caller, cloud.endpoint, url(api), *role_arn, "--external-id", "orders-7")
    assert (called.code, called.first) == (ExitCode.OK, "SUCCESS 200")
    refused = call(caller, cloud.endpoint, url(api), *role_arn)
    assert refused.code == ExitCode.REFUSED
    assert "AWS denied AssumeRole" in refused.err
    assert refused.out == ""


def test_a_request_without_signature(api: Api, call: Call) -> None:
    api.opened(statement())
    called = call(None, api.cloud.endpoint, url(api), "--unsigned")
    assert_cause(called, Kind.UNSIGNED, "Leave out --unsigned")


@pytest.mark.parametrize("options", [("--method", "DELETE"), ("--method", "post", "--data", "{}")])
def test_a_method_that_is_not_there(api: Api, buyer: Someone, call: Call, options: tuple[str, ...]) -> None:
    """The answer says "Missing Authentication Token", and the token is not what is missing."""
    api.opened(statement())
    called = call(buyer, api.cloud.endpoint, url(api), *options)
    assert_cause(called, Kind.NO_METHOD, f"stage live has no {options[1].upper()} /:".removesuffix(":"))


def test_a_path_that_is_not_there(api: Api, buyer: Someone, call: Call) -> None:
    api.opened(statement())
    assert_cause(call(buyer, api.cloud.endpoint, url(api, "live/a/b?c=d")), Kind.NO_METHOD, "no GET /a/b.")


def test_a_key_that_aws_does_not_know(api: Api, call: Call) -> None:
    api.opened(statement())
    unknown = Someone(Session("AKIAUNKNOWN00000000", "secret-of-nobody"), api.cloud.endpoint)
    assert_cause(call(unknown, api.cloud.endpoint, url(api)), Kind.UNKNOWN_KEY)


def test_a_wrong_secret(api: Api, buyer: Someone, call: Call) -> None:
    api.opened(statement())
    found = buyer.session.get_credentials().get_frozen_credentials()
    wrong = Someone(Session(found.access_key, "not-the-secret", found.token), api.cloud.endpoint)
    assert_cause(call(wrong, api.cloud.endpoint, url(api)), Kind.SIGNATURE)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_machine_whose_clock_is_wrong(
    api: Api, buyer: Someone, call: Call, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    api.opened(statement())
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: wrong)
    assert_cause(call(buyer, api.cloud.endpoint, url(api)), Kind.CLOCK)


def test_a_signature_for_another_region(api: Api, buyer: Someone, call: Call) -> None:
    api.opened(statement())
    called = call(buyer, api.cloud.endpoint, url(api), "--region", "eu-west-1")
    assert_cause(called, Kind.WRONG_REGION, "for Region eu-west-1")


def test_a_signature_for_another_service(api: Api, call: Call) -> None:
    """Which this command never makes; somebody may hand it one."""
    api.opened(statement())
    made = "AWS4-HMAC-SHA256 Credential=AKIA0000000000000000/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00"
    called = call(None, api.cloud.endpoint, url(api), "--unsigned", "--header", f"Authorization={made}")
    assert_cause(called, Kind.WRONG_SERVICE)


def test_a_header_that_is_no_signature(api: Api, call: Call) -> None:
    api.opened(statement())
    called = call(None, api.cloud.endpoint, url(api), "--unsigned", "--header", "Authorization=Bearer demo-token")
    assert_cause(called, Kind.NOT_A_SIGNATURE)
    assert "demo-token" not in called.out + called.err


def test_a_caller_whose_own_account_does_not_allow_it(api: Api, call: Call) -> None:
    """The sentence names the role and what to allow it."""
    api.opened()
    api.write(statement(resource="execute-api:/other/*"))
    caller = someone(api.cloud, "owner")
    called = call(caller, api.cloud.endpoint, url(api))
    assert "assumed-role/" in called.err
    assert_cause(
        called, Kind.IDENTITY, f"execute-api:Invoke on arn:aws:execute-api:us-east-1:********3333:{api.id}/live/GET/"
    )


def test_an_api_whose_policy_is_silent(api: Api, buyer: Someone, call: Call) -> None:
    api.opened()
    assert_cause(call(buyer, api.cloud.endpoint, url(api)), Kind.RESOURCE_POLICY, "stage live", "--central-profile")


def test_a_deny_of_the_api(api: Api, buyer: Someone, call: Call) -> None:
    api.opened(statement(), statement(**DENY))
    assert_cause(call(buyer, api.cloud.endpoint, url(api)), Kind.DENIED_BY_API, "whatever is granted")


def test_a_deny_of_the_caller_s_own_account(api: Api, call: Call) -> None:
    api.opened(statement())
    caller = someone(api.cloud, "consumer", allow(INVOKE), allow(INVOKE) | DENY)
    assert_cause(call(caller, api.cloud.endpoint, url(api)), Kind.DENIED_BY_ACCOUNT, "identity-based policy")


def test_an_anonymous_caller_of_an_open_method(cloud: LocalCloud, call: Call) -> None:
    api = make_api(cloud).opened(statement({"AWS": "111111111111"}))
    assert_cause(call(None, cloud.endpoint, url(api), "--unsigned"), Kind.ANONYMOUS)


def test_a_signed_caller_of_a_method_that_wants_no_signature(cloud: LocalCloud, buyer: Someone, call: Call) -> None:
    """Whom the policy names does not count: nobody is known there."""
    api = make_api(cloud).opened(statement({"AWS": "111111111111"}))
    assert_cause(call(buyer, cloud.endpoint, url(api)), Kind.NO_IAM_METHOD, "AWS_IAM")


def test_a_stage_that_is_not_there(api: Api, buyer: Someone, call: Call) -> None:
    api.opened(statement())
    assert_cause(call(buyer, api.cloud.endpoint, url(api, "beta/")), Kind.FORBIDDEN, "no stage beta")


def endpoint(cloud: LocalCloud, account: str = "consumer", **more: Any) -> str:
    ec2 = cloud.client("ec2", account)
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId="vpc-1", ServiceName="com.amazonaws.us-east-1.execute-api", **more
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


@pytest.fixture
def private(cloud: LocalCloud) -> Api:
    return make_api(cloud, authorization="AWS_IAM", **PRIVATE).opened(statement())


def test_a_private_api_is_called_by_either_name_of_an_endpoint(private: Api, buyer: Someone, call: Call) -> None:
    """And by no public one."""
    vpce = endpoint(private.cloud)
    by_name = url(private, host=f"{private.id}-{vpce}.execute-api.us-east-1.amazonaws.com")
    own_name = f"{vpce}-abcd1234.execute-api.us-east-1.vpce.amazonaws.com"
    assert call(buyer, private.cloud.endpoint, by_name).first == "SUCCESS 200"
    assert call(buyer, private.cloud.endpoint, url(private), "--vpc-endpoint", own_name).first == "SUCCESS 200"
    by_header = call(
        buyer, private.cloud.endpoint, url(private, host=own_name), "--header", f"x-apigw-api-id={private.id}"
    )
    assert by_header.first == "SUCCESS 200"
    assert_cause(call(buyer, private.cloud.endpoint, url(private)), Kind.FORBIDDEN, "API-VPCE")


def test_an_endpoint_that_leads_nowhere(private: Api, buyer: Someone, call: Call) -> None:
    nowhere = f"{private.id}-vpce-0123456789abcdef0.execute-api.us-east-1.amazonaws.com"
    called = call(buyer, private.cloud.endpoint, url(private, host=nowhere))
    assert_cause(called, Kind.NOT_THROUGH_ENDPOINT, "vpce-0123456789abcdef0")


@pytest.mark.parametrize(("effect", "kind"), [("Allow", Kind.ENDPOINT_POLICY), ("Deny", Kind.DENIED_BY_ENDPOINT)])
def test_an_endpoint_whose_policy_keeps_the_call_out(
    private: Api, buyer: Someone, call: Call, effect: str, kind: Kind
) -> None:
    action = INVOKE if effect == "Deny" else "sqs:*"
    document = {"Statement": [{"Effect": effect, "Principal": "*", "Action": action, "Resource": "*"}]}
    vpce = endpoint(private.cloud, PolicyDocument=json.dumps(document))
    host = f"{private.id}-{vpce}.execute-api.us-east-1.amazonaws.com"
    assert_cause(call(buyer, private.cloud.endpoint, url(private, host=host)), kind, vpce)


AUTHORIZER = """
def handler(event, context):
    if event["authorizationToken"] == "broken":
        raise RuntimeError("broken")
    if event["authorizationToken"] == "unknown":
        raise Exception("Unauthorized")
    statement = {"Effect": event["authorizationToken"], "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.fixture
def guarded(cloud: LocalCloud, function: Callable[[str], str]) -> tuple[Api, Callable[[], Any]]:
    """An API with an authorizer, and what lets API Gateway invoke it."""
    made = function(AUTHORIZER)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{made}/invocations"
    source = {"identitySource": "method.request.header.Authorization", "authorizerResultTtlInSeconds": 0}
    api = make_api(cloud, authorization="CUSTOM", authorizer={"type": "TOKEN", "authorizerUri": uri, **source})
    api.deploy()
    permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    return api, lambda: cloud.client("lambda", "owner").add_permission(FunctionName=made, **permission)


def test_an_authorizer_of_its_own_kinds_of_refusal(guarded: tuple[Api, Callable[[], Any]], call: Call) -> None:
    """It may not be invoked, it fails, it does not know the caller, it denies."""
    api, permit = guarded

    def by(*header: str) -> Called:
        return call(None, api.cloud.endpoint, url(api), "--unsigned", *header)

    def token(text: str) -> tuple[str, str]:
        return "--header", f"Authorization={text}"

    assert_cause(by(*token("Allow")), Kind.AUTHORIZER_UNUSABLE, "GrantType Authorizer")
    permit()
    assert by(*token("Allow")).first == "SUCCESS 200"
    assert_cause(by(*token("broken")), Kind.AUTHORIZER_UNUSABLE)
    assert_cause(by(*token("unknown")), Kind.NO_TOKEN)
    assert_cause(by(), Kind.NO_TOKEN)
    assert_cause(by(*token("Deny")), Kind.AUTHORIZER_DENIES)


def test_an_http_api_of_another_account(cloud: LocalCloud, buyer: Someone, call: Call) -> None:
    """Which no permission can open; the sentence names the way that there is."""
    client = cloud.client("apigatewayv2", "owner")
    made = client.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=made, IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri="https://example.invalid",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]  # fmt: skip
    client.create_route(
        ApiId=made, RouteKey="GET /orders", AuthorizationType="AWS_IAM", Target=f"integrations/{integration}"
    )
    client.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
    called = call(buyer, cloud.endpoint, f"https://{made}.execute-api.us-east-1.amazonaws.com/orders")
    assert_cause(called, Kind.HTTP_API, "AssumeRole")


def test_nothing_of_a_refusal_shows_a_credential(api: Api, buyer: Someone, call: Call) -> None:
    """Neither key, secret, token nor signature, whatever is refused."""
    api.opened()
    found = buyer.session.get_credentials().get_frozen_credentials()
    for options in ((), ("--region", "eu-west-1"), ("--method", "DELETE")):
        called = call(buyer, api.cloud.endpoint, url(api), *options)
        for secret in (found.access_key, found.secret_key, found.token, "Signature="):
            assert secret not in called.out + called.err


def test_the_caller_s_role_is_named_as_the_answer_names_it(cloud: LocalCloud, api: Api, call: Call) -> None:
    role = make_role(cloud, "consumer", allow(INVOKE))
    api.opened()
    assert role.rpartition("/")[2] in call(become(cloud, role), cloud.endpoint, url(api)).err
