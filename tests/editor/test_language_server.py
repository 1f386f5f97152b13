"""What an author sees in the editor, by a real YAML language server with the settings of docs/editors.md."""

import re

import pytest
from language_server import ROOT, Finding, LanguageServer

from provider.core.properties import RESOURCE_TYPES, schema

PERMISSION = """\
Resources:
  Permission:
    Type: Custom::CrossAccountPermission
    Properties:
      ServiceToken: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission
      ServiceTimeout: 300
      Target: 333333333333/token-service
      GrantType: Authorizer
      ApiId: !Ref OrdersApi
"""
TARGET = """\
Resources:
  Target:
    Type: Custom::CrossAccountTarget
    Properties:
      ServiceToken: !ImportValue token
      Name: token-service
      AllowedGrantTypes: [Authorizer]
      AllowedAccounts: ["111111111111"]
      FunctionArn: !Ref Alias
"""
LIST = "      AuthorizerIds: "


MISTAKES = [
    (PERMISSION.replace("ApiId", "ApiID"), 9, 7, "Property ApiID is not allowed."),
    (PERMISSION.replace("      ApiId: !Ref OrdersApi\n", ""), 4, 5, 'Missing property "ApiId".'),
    (PERMISSION.replace("!Ref OrdersApi", "arn:aws:x"), 9, 14, "Give the API's id alone, such as a1b2c3d4e5 "),
    (PERMISSION.replace(": Authorizer", ": Authorize"), 8, 18, "Use Authorizer, InvokeFunction, ExecuteApi or "),
    (PERMISSION.replace(": 300", ": soon"), 6, 23, "Give whole seconds, such as 180."),
    (PERMISSION.replace("333333333333/t", "33/T"), 7, 15, "Write <12-digit owner account>/<name>, such as "),
    (PERMISSION + LIST + "[abc, '*']\n", 10, 28, "Give the authorizer's id, such as a1b2c3 "),
    (PERMISSION + LIST + "{Foo: bar}\n", 10, 22, "Give a list of 1 to 20 different authorizer ids"),
    (PERMISSION + "      Methods: [GET]\n", 10, 16, "Methods does not go with GrantType Authorizer. Remove one "),
    (TARGET + "      RoleArn: arn\n", 10, 16, "RoleArn does not go with FunctionArn. Remove one of the two."),
    (TARGET.replace("[Authorizer]", "[AssumeRole]"), 7, 27, "With FunctionArn use Authorizer or InvokeFunction."),
    (TARGET.replace("      FunctionArn: !Ref Alias\n", ""), 4, 5, "Add FunctionArn, RestApiId with StageName, or "),
    ("Resources:\n  P:\n    Type: Custom::CrossAccountTargetLookup\n", 2, 3, 'Missing property "Properties".'),
]


def test_a_mistake_is_underlined_where_it_stands(server: LanguageServer) -> None:
    """At this line and column, with a sentence that begins so."""
    found = server.all_findings(template for template, *_ in MISTAKES)
    for (_, line, column, message), ones in zip(MISTAKES, found, strict=True):
        there = [one.message for one in ones if (one.line, one.column) == (line, column)]
        assert any(one.startswith(message) for one in there), (message, ones)
        assert len({one.line for one in ones}) <= 3, "the rest of the template is right"


VALUES = [
    "[a1b2c3, !Ref Authorizer, !GetAtt Authorizer.AuthorizerId]",
    "!If [Narrowed, [abc], !Ref AWS::NoValue]",
    "!Split [',', !ImportValue ids]",
    "!FindInMap [Ids, !Ref AWS::Region, list]",
    "{Fn::Split: [',', {Ref: Ids}]}",
    "{Fn::If: [Narrowed, [abc], {Ref: 'AWS::NoValue'}]}",
    "{Ref: Ids}",
    "'{{resolve:ssm:/authorizers}}'",
]


def test_whatever_a_function_makes_is_left_to_cloudformation(server: LanguageServer) -> None:
    found = server.all_findings(f"{PERMISSION}{LIST}{value}\n" for value in VALUES)
    assert dict(zip(VALUES, found, strict=True)) == {value: [] for value in VALUES}


FOR_EACH = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Apis:
    - Api
    - [Orders, Stock]
    - Permission${Api}:
        Type: Custom::CrossAccountPermission
        Properties:
          ServiceToken: !Ref ProviderFunction
          Target: 333333333333/${Api}-tokens
          GrantType: Authorizer
          ApiId: !Ref {Fn::Sub: "${Api}"}
"""


def test_a_short_form_that_an_editor_without_tags_takes_for_text_is_left_alone(server: LanguageServer) -> None:
    """As IntelliJ's own YAML does, which hands the tag on as part of the text."""
    assert server.findings(PERMISSION.replace("!Ref OrdersApi", "'!Ref OrdersApi'")) == []


def test_the_body_of_a_for_each_is_known_as_well(server: LanguageServer) -> None:
    right = FOR_EACH.replace('!Ref {Fn::Sub: "${Api}"}', "!ImportValue {Fn::Sub: '${Api}Id'}")
    assert server.findings(right) == []
    found = server.findings(right.replace("GrantType", "GrantTypes"))
    assert Finding(11, 11, "Property GrantTypes is not allowed.") in found


OTHERS = """\
Transform: [AWS::Serverless-2016-10-31]
Globals: {Function: {Runtime: python3.13}}
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://templates/more.yaml}}
  Function:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, Anything: !Join ['-', [a, b]]}
  Other:
    Type: Custom::Something
    Anything: [1]
  Included:
    Type: Custom::CrossAccountPermission
    Properties:
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://templates/rest.yaml}}
      ServiceToken: !Ref Token
      Target: token-service
      GrantType: InvokeFunction
      Revision: 2
"""


def test_other_types_and_transforms_are_left_alone(server: LanguageServer) -> None:
    assert server.findings(OTHERS) == []


def test_nothing_is_underlined_in_our_own_templates_and_examples(server: LanguageServer) -> None:
    paths = sorted((ROOT / "templates").rglob("*.yaml"))
    found = server.all_findings(path.read_text("utf-8") for path in paths)
    assert {path.name: one for path, one in zip(paths, found, strict=True) if one} == {}


def test_nothing_is_underlined_in_the_right_template_of_a_rule(server: LanguageServer) -> None:
    pages = sorted((ROOT / "docs" / "rules").glob("[EW]*.md"))
    right = [re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)[1] for page in pages]
    found = server.all_findings(right)
    assert {page.name: one for page, one in zip(pages, found, strict=True) if one} == {}


def test_nothing_is_underlined_in_templates_that_use_none_of_our_types(server: LanguageServer) -> None:
    paths = sorted((ROOT / "tests" / "lint" / "corpus").iterdir())
    found = server.all_findings(path.read_text("utf-8") for path in paths)
    assert {path.name: one for path, one in zip(paths, found, strict=True) if one} == {}


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("Targ|et: ", schema("Custom::CrossAccountPermission")["properties"]["Target"]["description"]),
        ("Api|Id: ", "The id of the REST, HTTP or WebSocket API of this account and Region"),
        ("Grant|Type: ", "* `InvokeFunction`"),
        ("Type: Custom::Cross|Account", schema("Custom::CrossAccountPermission")["description"]),
        ("Type: Custom::Cross|Account", "AuthorizerUri: The authorizerUri by which an API Gateway API calls"),
    ],
)
def test_what_is_under_the_mouse_is_explained(server: LanguageServer, place: str, told: str) -> None:
    assert told in server.hover(PERMISSION.replace(place.replace("|", ""), place))


def test_what_is_not_ours_is_not_explained(server: LanguageServer) -> None:
    assert not server.hover("Resources:\n  Bucket:\n    Type: AWS::S3::Buck|et\n")


def test_the_types_are_proposed(server: LanguageServer) -> None:
    assert set(RESOURCE_TYPES) <= set(server.completions("Resources:\n  P:\n    Type: |\n"))


def test_the_properties_that_are_not_there_yet_are_proposed(server: LanguageServer) -> None:
    proposed = server.completions(PERMISSION + "      |\n")
    assert {"AuthorizerIds", "Environment", "ExpiresAt"} <= set(proposed)
    assert not {"Target", "GrantType"} & set(proposed)
    assert not any("null" in text for text in proposed.values()), "what does not fit is no value to write"


def test_the_values_of_a_property_are_proposed(server: LanguageServer) -> None:
    types = {"Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole"}
    assert types <= set(server.completions(PERMISSION.replace(": Authorizer", ": |")))
    assert types <= set(server.completions(TARGET.replace("[Authorizer]", "\n        - |")))


def test_the_whole_service_token_is_written_by_its_proposal(server: LanguageServer) -> None:
    """As editors write snippets, in which a dollar begins a placeholder."""
    begun = PERMISSION.split("      ServiceToken", maxsplit=1)[0]
    token = PERMISSION.splitlines()[4].strip()
    assert server.completions(f"{begun}      |\n")["ServiceToken"] == token
    assert token.split(": ", 1)[1] in server.completions(f"{begun}      ServiceToken: |\n").values()


def test_what_is_no_template_ends_no_server(server: LanguageServer) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefg", "bcdefgh", strict=True)
    )
    server.all_findings(["a: [b", "- 1\n- 2\n", "hello", "", "Resources: [1]\n", "Resources:\n  P: text\n", bomb])
    huge = PERMISSION.replace("333333333333/token-service", "x" * 100_000)
    [found] = server.findings(huge)
    assert (found.line, len(found.message) < 256) == (7, True)
