"""What AWS's host names lead to, as a function sees them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from provider.localcloud import LocalCloud

CALL = """
import urllib.error, urllib.request
def handler(event, context):
    try:
        with urllib.request.urlopen(event["url"], timeout=5) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
"""


def _api(cloud: LocalCloud, account: str, authorization: str) -> str:
    """Deploy an API with one method; return its URL on AWS."""
    api = cloud.client("apigateway", account)
    rest = api.create_rest_api(name="hosts")
    where = {"restApiId": rest["id"], "resourceId": rest["rootResourceId"], "httpMethod": "GET"}
    api.put_method(**where, authorizationType=authorization)
    api.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    api.put_method_response(**where, statusCode="200")
    api.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": '{"open": true}'})
    cloud.forget_deployments()
    api.create_deployment(restApiId=rest["id"], stageName="live")
    return f"https://{rest['id']}.execute-api.us-east-1.amazonaws.com/live/"


@pytest.mark.parametrize("account", ["consumer", "owner"])
def test_an_api_is_reached_under_its_own_host(
    cloud: LocalCloud, make_function: Callable[..., str], invoke: Callable[..., tuple[Any, str]], account: str
) -> None:
    """From any account, without credentials, where the method asks for none."""
    url = _api(cloud, account, "NONE")
    (status, body), _ = invoke(make_function(CALL), {"url": url})
    assert (status, json.loads(body)) == (200, {"open": True})


SIGNED = """
import boto3, urllib.error, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

def handler(event, context):
    asked = AWSRequest("GET", event["url"])
    SigV4Auth(boto3.Session().get_credentials(), "execute-api", "us-east-1").add_auth(asked)
    try:
        with urllib.request.urlopen(urllib.request.Request(event["url"], headers=dict(asked.headers))) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
"""


def test_a_method_with_iam_asks_for_a_signature_and_a_permission(
    cloud: LocalCloud, make_function: Callable[..., str], invoke: Callable[..., tuple[Any, str]]
) -> None:
    """Unsigned 403; signed by a role without permission 403, with it 200; under AWS's host name."""
    url = _api(cloud, "consumer", "AWS_IAM")
    assert invoke(make_function(CALL), {"url": url})[0][0] == 403
    assert invoke(make_function(SIGNED), {"url": url})[0] == 403
    assert invoke(make_function(SIGNED, allowed="execute-api:Invoke"), {"url": url})[0] == 200


def test_a_foreign_api_with_iam_needs_its_owners_leave(
    cloud: LocalCloud, make_function: Callable[..., str], invoke: Callable[..., tuple[Any, str]]
) -> None:
    """The caller's permission alone opens no API of another account."""
    url = _api(cloud, "owner", "AWS_IAM")
    assert invoke(make_function(SIGNED, allowed="execute-api:Invoke"), {"url": url})[0] == 403


def test_a_host_that_no_api_has_is_not_found(make_function: Callable[..., str], invoke: Callable[..., Any]) -> None:
    """An unknown API is an error, never success."""
    (status, _), _ = invoke(
        make_function(CALL), {"url": "https://abcdefgh01.execute-api.us-east-1.amazonaws.com/live/"}
    )
    assert status in (403, 404)


def test_a_response_url_takes_only_its_own_answer(
    make_function: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    """A PUT to CloudFormation's bucket without the URL's signature is refused."""
    source = """
import urllib.error, urllib.request
def handler(event, context):
    request = urllib.request.Request(event["url"], b"{}", method="PUT")
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
"""
    host = "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
    assert invoke(make_function(source), {"url": f"{host}/stack%7CThing%7Crequest?X-Amz-Signature=00"})[0] == 403
