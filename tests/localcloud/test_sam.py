"""SAM templates go the whole way: translated by AWS's translator, deployed, called, refused."""

import json
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from stacks import Stack

from provider.localcloud import LocalCloud

TEMPLATES = Path(__file__).parent / "templates"


@pytest.fixture
def stack(cloud: LocalCloud) -> Stack:
    """A stack of the consumer that does not exist yet."""
    return Stack(cloud, capabilities=("CAPABILITY_IAM",))


def deploy(stack: Stack, body: str, kind: str = "CREATE", **parameters: str) -> str:
    """Create a change set of a template and execute it, as `aws cloudformation deploy` does; return the status."""
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    told = {"StackName": stack.name, "ChangeSetName": f"to-{kind}", "ChangeSetType": kind, "Parameters": given}
    stack.id = stack.api.create_change_set(**told, TemplateBody=body, Capabilities=list(stack.capabilities))["StackId"]
    stack.api.execute_change_set(StackName=stack.name, ChangeSetName=f"to-{kind}")
    return stack.status()


def call(stack: Stack, authorization: str | None) -> tuple[int, str]:
    """Call the stack's API; status and body."""
    url = urlsplit(stack.outputs()["Url"])
    told = {"Host": url.netloc} | ({"Authorization": authorization} if authorization else {})
    with closing(stack.cloud.connect(url.netloc)) as connection:
        connection.request("GET", url.path, headers=told)
        response = connection.getresponse()
        return response.status, response.read().decode()


def test_a_sam_function_with_a_rest_api_and_a_lambda_authorizer_answers(stack: Stack) -> None:
    """Also after an update that changes a parameter; and everything goes with the stack."""
    body = (TEMPLATES / "sam-rest-api.yaml").read_text()
    assert deploy(stack, body, StageName="blue") == "CREATE_COMPLETE"
    assert stack.outputs()["Url"].endswith("/blue/orders")
    assert call(stack, "sesame") == (200, "somebody")
    assert call(stack, "wrong")[0] == 403
    assert deploy(stack, body, "UPDATE", StageName="blue", Password="other") == "UPDATE_COMPLETE"
    assert call(stack, "other") == (200, "somebody")
    types = {
        one["LogicalResourceId"]: one["ResourceType"]
        for one in stack.api.describe_stack_resources(StackName=stack.name)["StackResources"]
    }
    assert types["OrdersFunctionAliasblue"] == "AWS::Lambda::Alias"  # named after the parameter's value
    permissions = [name for name, kind in types.items() if kind == "AWS::Lambda::Permission"]
    assert "ApiDoorkeeperAuthorizerPermission" not in permissions
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_sam_http_api_with_a_lambda_authorizer_answers(stack: Stack) -> None:
    """Its default stage has no name in the path."""
    assert deploy(stack, (TEMPLATES / "sam-http-api.yaml").read_text()) == "CREATE_COMPLETE"
    assert call(stack, "sesame") == (200, "somebody")
    assert call(stack, "wrong")[0] == 403
    assert call(stack, None)[0] == 401


def test_a_definition_brings_an_integrations_templates_and_responses(stack: Stack) -> None:
    """A mock answers what its definition says, not an empty object."""
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 201}'},
        "responses": {
            "default": {"statusCode": "200", "responseTemplates": {"application/json": '{"made": false}'}},
            "201": {"statusCode": "201", "responseTemplates": {"application/json": '{"made": true}'}},
        },
    }
    answers = {"200": {"description": "no"}, "201": {"description": "yes"}}
    method = {"responses": answers, "x-amazon-apigateway-integration": integration}
    definition = {"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": {"/orders": {"get": method}}}
    properties = {"StageName": "live", "DefinitionBody": definition}
    url = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live/orders"}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Api": {"Type": "AWS::Serverless::Api", "Properties": properties}},
        "Outputs": {"Url": {"Value": url}},
    }
    assert deploy(stack, json.dumps(template)) == "CREATE_COMPLETE"
    assert call(stack, None) == (201, '{"made": true}')


def test_invalid_sam_is_a_failed_change_set_in_the_translators_words(stack: Stack) -> None:
    """No stack is made, and no traceback is shown."""
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Function": {"Type": "AWS::Serverless::Function", "Properties": {"Runtime": "python3.12"}}},
    }
    stack.api.create_change_set(
        StackName=stack.name,
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "n"}],
    )
    found = stack.api.describe_change_set(StackName=stack.name, ChangeSetName="c")
    assert (found["Status"], found["ExecutionStatus"], found["Changes"]) == ("FAILED", "UNAVAILABLE", [])
    assert found["StatusReason"].startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. "
        "Number of errors found: 1. Resource with id [Function] is invalid."
    )
    assert stack.api.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    stack.capabilities = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
    with pytest.raises(ClientError, match=r"\(ValidationError\).* failed with: Invalid Serverless"):
        Stack(stack.cloud).create(template, Parameters=[{"ParameterKey": "Name", "ParameterValue": "n"}])
