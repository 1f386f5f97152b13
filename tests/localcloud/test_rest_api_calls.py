"""Who may call a method of a REST API."""

from collections.abc import Callable
from typing import Any

import pytest
from boto3.session import Session
from identities import Someone, a_name, allow, become, make_role, someone
from rest_apis import ANSWER, Api, make_api, statement

from provider.localcloud import LocalCloud

INVOKE = "execute-api:Invoke"
DENY = {"Effect": "Deny"}


@pytest.fixture
def open_api(cloud: LocalCloud) -> Api:
    return make_api(cloud)


@pytest.fixture
def signed_api(cloud: LocalCloud) -> Api:
    return make_api(cloud, authorization="AWS_IAM")


def test_an_open_method_needs_an_allow_once_there_is_a_policy(cloud: LocalCloud, open_api: Api) -> None:
    """An account's name lets nobody in, signed or not; only what is for everybody does."""
    caller = someone(cloud, "owner", allow(INVOKE))
    open_api.deploy()
    assert open_api.call() == open_api.call(caller)
    assert open_api.call().body == ANSWER
    open_api.opened(statement({"AWS": "333333333333"}))
    assert (open_api.call().status, open_api.call(caller).status) == (403, 403)
    open_api.opened(statement(resource="execute-api:/other/*"))
    assert open_api.call().status == 403
    open_api.opened(statement(resource="execute-api:/live/GET/"))
    assert open_api.call().status == 200
    open_api.opened(statement(), statement(**DENY))
    assert open_api.call().status == 403


@pytest.mark.parametrize(
    ("account", "identity", "policy", "allowed"),
    [
        ("owner", None, None, False),
        ("owner", "Allow", None, True),
        ("owner", None, "Allow", True),
        ("owner", "Deny", "Allow", False),
        ("owner", "Allow", "Deny", False),
        ("consumer", "Allow", None, False),
        ("consumer", None, "Allow", False),
        ("consumer", "Allow", "Allow", True),
        ("consumer", "Deny", "Allow", False),
        ("consumer", "Allow", "Deny", False),
        ("stranger", "Allow", "Allow", True),
    ],
)
def test_a_signed_call_is_decided_by_both_sides(
    cloud: LocalCloud, signed_api: Api, account: str, identity: str | None, policy: str | None, allowed: bool
) -> None:
    """One allow suffices at home, abroad both are needed, and a deny ends it."""
    mine = [allow(INVOKE, f"{signed_api.arn}/live/GET/") | {"Effect": identity}] if identity else []
    role = make_role(cloud, account, *mine)
    signed_api.opened(*([statement({"AWS": role}, Effect=policy)] if policy else []))
    assert signed_api.call(become(cloud, role)).status == (200 if allowed else 403)


def test_a_whole_account_may_be_let_in(cloud: LocalCloud, signed_api: Api) -> None:
    """Then its own policies say who of it; a permission for another path, stage or method is none."""
    signed_api.opened(statement({"AWS": "111111111111"}))
    for resource, status in (("GET/", 200), ("POST/", 403), ("GET/other", 403)):
        caller = someone(cloud, "consumer", allow(INVOKE, f"{signed_api.arn}/live/{resource}"))
        assert signed_api.call(caller).status == status


def test_a_role_that_is_made_again_is_not_let_in(cloud: LocalCloud, signed_api: Api) -> None:
    """The deployed policy means the one that is gone."""
    name = a_name("friend")
    role = make_role(cloud, "consumer", allow(INVOKE), name=name)
    signed_api.opened(statement({"AWS": role}))
    assert signed_api.call(become(cloud, role)).status == 200
    iam = cloud.client("iam", "consumer")
    iam.delete_role_policy(RoleName=name, PolicyName="allowed")
    iam.delete_role(RoleName=name)
    make_role(cloud, "consumer", allow(INVOKE), name=name)
    assert signed_api.call(become(cloud, role)).status == 403


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/team/{role}"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/team/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "111111111111"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "222222222222"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-localcloud"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-another"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"StringEquals": {"aws:SourceVpce": "vpce-0"}}, False),
    ],
)
def test_conditions_of_a_policy_are_decided(
    cloud: LocalCloud, signed_api: Api, condition: dict[str, Any], holds: bool
) -> None:
    """Everybody may come under a condition on who they are and from where."""
    name = a_name("role")
    role = make_role(cloud, "consumer", allow(INVOKE), name=name, path="/team/")
    filled = {
        operator: {key: value.replace("{role}", name) for key, value in keys.items()}
        for operator, keys in condition.items()
    }
    signed_api.opened(statement(Condition=filled))
    assert signed_api.call(become(cloud, role)).status == (200 if holds else 403)


def test_a_user_is_a_caller_too(cloud: LocalCloud, signed_api: Api) -> None:
    """A user of another account signs with their own key."""
    session = Session(*cloud.settings.administrators["111111111111"])
    administrator = Someone(session, cloud.endpoint)
    signed_api.deploy()
    assert signed_api.call(administrator).status == 403
    signed_api.opened(statement({"AWS": "arn:aws:iam::111111111111:user/administrator"}))
    assert signed_api.call(administrator).status == 200


def test_a_refusal_has_awss_words(cloud: LocalCloud, open_api: Api, signed_api: Api) -> None:
    """It names who was refused, what, and which policy did not allow; the API's account is masked."""

    def words(api: Api, who: str, why: str) -> str:
        shown = f"arn:aws:execute-api:us-east-1:********3333:{api.id}/live/GET/"
        return f"User: {who} is not authorized to perform: {INVOKE} on resource: {shown} {why}"

    role = make_role(cloud, "consumer", allow(INVOKE))
    caller, session = become(cloud, role), f"arn:aws:sts::111111111111:assumed-role/{role.rpartition('/')[2]}/someone"
    silent, explicit = f"because no {{}} policy allows the {INVOKE} action", "with an explicit deny in a {} policy"
    resource, identity = "resource-based", "identity-based"
    for api, who, name, policy, why in (
        (open_api, None, "anonymous", [statement({"AWS": "111111111111"})], silent.format(resource)),
        (open_api, None, "anonymous", [statement(**DENY)], explicit.format(resource)),
        (signed_api, caller, session, [], silent.format(resource)),
        (signed_api, caller, session, [statement(**DENY)], explicit.format(resource)),
        (signed_api, someone(cloud, "owner"), None, [], silent.format(identity)),
    ):
        refused = api.opened(*policy).call(who)
        assert (refused.status, refused.error, list(refused.body)) == (403, "AccessDeniedException", ["Message"])
        assert refused.said.endswith(why)
        assert name is None or refused.said == words(api, name, why)


def test_a_signature_must_be_right(cloud: LocalCloud, signed_api: Api) -> None:
    """None, of an unknown key, with a wrong secret, for another Region: each is refused in its own words."""
    signed_api.opened(statement())
    caller = someone(cloud, "owner", allow(INVOKE))
    found = caller.session.get_credentials().get_frozen_credentials()
    unknown = Someone(Session("AKIAUNKNOWN00000000", "x"), cloud.endpoint)
    wrong = Someone(Session(found.access_key, "x", found.token), cloud.endpoint)
    invalid, region = "InvalidSignatureException", "Credential should be scoped to a valid region. "
    for reply, error, words in (
        (signed_api.call(), "MissingAuthenticationTokenException", "Missing Authentication Token"),
        (
            signed_api.call(unknown),
            "UnrecognizedClientException",
            "The security token included in the request is invalid",
        ),
        (signed_api.call(wrong), invalid, "The request signature we calculated does not match"),
        (signed_api.call(caller, signed_for="eu-west-1"), invalid, region),
        (
            signed_api.call(caller, service="lambda"),
            invalid,
            "Credential should be scoped to correct service: 'execute-api'.",
        ),
    ):
        assert (reply.status, reply.error, list(reply.body)) == (403, error, ["message"])
        assert reply.said.startswith(words)
    assert signed_api.call(caller).status == 200


AUTHORIZER = """
def handler(event, context):
    print("asked")
    token = event["authorizationToken"]
    statements = [] if token == "silent" else [
        {"Effect": token, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]
    return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": statements}}
"""


def test_an_authorizer_and_the_policy_decide_together(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """A deny of the policy comes before the authorizer is asked; then one allow suffices, and no deny is overruled."""
    function = make_function(AUTHORIZER, "owner")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    authorizer = {
        "type": "TOKEN",
        "authorizerUri": uri,
        "identitySource": "method.request.header.Authorization",
        "authorizerResultTtlInSeconds": 0,
    }
    api = make_api(cloud, authorization="CUSTOM", authorizer=authorizer)
    cloud.client("lambda", "owner").add_permission(
        FunctionName=function, StatementId="s", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )

    def call(token: str) -> int:
        return api.call(headers={"Authorization": token}).status

    api.opened(statement(**DENY))
    assert call("Allow") == 403
    assert not cloud.logs(function)
    for policy, expected in (
        ([], {"Allow": 200, "silent": 403, "Deny": 403}),
        ([statement()], {"Allow": 200, "silent": 200, "Deny": 403}),
        ([statement(resource="execute-api:/other/*")], {"Allow": 200, "silent": 403, "Deny": 403}),
    ):
        api.opened(*policy)
        assert {token: call(token) for token in expected} == expected


def test_a_cognito_user_needs_an_allow_once_there_is_a_policy(cloud: LocalCloud) -> None:
    """Without a policy the token suffices; with one that is silent, or names an account, it does not."""
    cognito = cloud.client("cognito-idp", "owner")
    pool = cognito.create_user_pool(PoolName="pool")["UserPool"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool["Id"], ClientName="c", ExplicitAuthFlows=flows)
    password = "Passw0rd!Passw0rd"
    cognito.admin_create_user(UserPoolId=pool["Id"], Username="u", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool["Id"], Username="u", Password=password, Permanent=True)
    token = cognito.admin_initiate_auth(
        UserPoolId=pool["Id"],
        ClientId=client["UserPoolClient"]["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "u", "PASSWORD": password},
    )["AuthenticationResult"]["IdToken"]
    authorizer = {
        "type": "COGNITO_USER_POOLS",
        "providerARNs": [pool["Arn"]],
        "identitySource": "method.request.header.Authorization",
    }
    api = make_api(cloud, authorization="COGNITO_USER_POOLS", authorizer=authorizer)
    for policy, status in (
        ([], 200),
        ([statement({"AWS": "333333333333"})], 403),
        ([statement()], 200),
        ([statement(), statement(**DENY)], 403),
    ):
        api.opened(*policy)
        assert api.call(headers={"Authorization": token}).status == status
        assert api.call().status == 401
