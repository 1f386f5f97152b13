"""Nothing of ours is found in templates that use none of our types, nor a traceback in what is no template."""

from pathlib import Path

import pytest
from linting import ROOT, linted

CORPUS = sorted([*Path(__file__).with_name("corpus").iterdir(), *(ROOT / "tests/localcloud/templates").glob("*.yaml")])
"""Templates in the usual public styles, and the local cloud's own."""

HOSTILE = {
    "no YAML": "a: [b",
    "no template": "- 1\n- 2\n",
    "text": "hello",
    "nothing": "",
    "resources that are none": "Resources: [1, 2]\n",
    "a resource that is none": "Resources:\n  P: text\n",
    "properties that are none": "Resources:\n  P:\n    Type: Custom::CrossAccountPermission\n    Properties: [1]\n",
    "no properties": "Resources:\n  P:\n    Type: Custom::CrossAccountPermission\n",
    "a property of 100 KB": "Resources:\n  P:\n    Type: Custom::CrossAccountPermission\n    Properties:\n"
    f"      Target: {'x' * 100_000}\n",
    "anchors": "Resources:\n  P: &p\n    Type: Custom::CrossAccountPermission\n    Properties: &q {Target: [a]}\n  Q: *p\n",
    "duplicate keys": "Resources:\n  P:\n    Type: Custom::CrossAccountPermission\n    Properties:\n      Target: a\n      Target: b\n",
    "strange functions": "Resources:\n  P:\n    Type: Custom::CrossAccountPermission\n    Properties:\n"
    "      Target: {Fn::GetAtt: 7}\n      ApiId: {Fn::Sub: [1]}\n      GrantType: {Ref: [a]}\n",
}


def ours(text: str, directory: Path) -> list[str]:
    """The ids of our rules that find something; cfn-lint's own findings are its own."""
    found = linted(text, directory)
    broken = [
        one.message for one in found if one.rule.id == "E0002" and "rule E91" in one.message.replace("W91", "E91")
    ]
    assert broken == [], "a rule has broken"
    return sorted({one.rule.id for one in found if one.rule.id[1:3] == "91"})


@pytest.mark.parametrize("template", CORPUS, ids=lambda path: path.name)
def test_a_template_that_uses_none_of_our_types_is_left_alone(template: Path, tmp_path: Path) -> None:
    assert ours(template.read_text("utf-8"), tmp_path) == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_template_breaks_no_rule(text: str, tmp_path: Path) -> None:
    ours(text, tmp_path)


@pytest.mark.parametrize("name", ["no YAML", "no template", "text", "duplicate keys"])
def test_what_cannot_be_read_is_said_on_its_line_and_nothing_else(name: str, tmp_path: Path) -> None:
    """By cfn-lint itself; of duplicate keys each is named."""
    found = linted(HOSTILE[name], tmp_path)
    assert {one.rule.id for one in found} == {"E0000"}
    assert len(found) == (2 if name == "duplicate keys" else 1)


def test_a_property_of_100_kb_is_one_finding_and_its_message_is_short(tmp_path: Path) -> None:
    found = linted(HOSTILE["a property of 100 KB"], tmp_path)
    [one] = [one for one in found if one.rule.id == "E9101" and "Target" in str(one.path)]
    assert len(one.message) < 400


FUNCTIONS = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Kind: {Type: String, AllowedValues: [Authorizer, InvokeFunction], Default: Authorizer}
  Target: {Type: String}
  Narrow: {Type: String, Default: "no"}
Conditions:
  IsNarrow: !Equals [!Ref Narrow, "yes"]
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: orders}
  Permission:
    Type: Custom::CrossAccountPermission
    Properties:
      ServiceToken: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission
      ServiceTimeout: 300
      Target: !Ref Target
      Environment: "{{resolve:ssm:/environment}}"
      GrantType: !Ref Kind
      ApiId: !Ref Api
      AuthorizerIds: !If [IsNarrow, [abc123], !Ref AWS::NoValue]
      ExpiresAt: !If [IsNarrow, "2027-01-31T00:00:00Z", !Ref AWS::NoValue]
Outputs:
  Uri: {Value: !Sub "${Permission.AuthorizerUri}"}
"""


def test_functions_are_followed_or_left_alone(tmp_path: Path) -> None:
    """`!If`, `!Ref` to parameters, `!Sub`, `{{resolve:…}}`."""
    assert ours(FUNCTIONS, tmp_path) == []


def test_a_wrong_value_behind_a_condition_is_found(tmp_path: Path) -> None:
    assert ours(FUNCTIONS.replace("[abc123]", '["*"]'), tmp_path) == ["E9101"]


TOKEN = "!Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission"
FOR_EACH = f"""
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::LanguageExtensions
Parameters:
  Owner: {{Type: String}}
Resources:
  Fn::ForEach::Permissions:
    - Api
    - [abcde12345, bcdef23456]
    - Permission${{Api}}:
        Type: Custom::CrossAccountPermission
        Properties:
          ServiceToken: {TOKEN}
          ServiceTimeout: 300
          Target: !Sub "${{Owner}}/token-service"
          Environment: "{{{{resolve:ssm:/environment}}}}"
          GrantType: Authorizer
          ApiId: !Ref Api
          Revision: "${{Api}}"
Outputs:
  Fn::ForEach::Uris:
    - Api
    - [abcde12345, bcdef23456]
    - Uri${{Api}}: {{Value: !GetAtt [!Sub "Permission${{Api}}", AuthorizerUri]}}
"""


@pytest.mark.parametrize(
    ("right", "also_right"),
    [
        ("[abcde12345, bcdef23456]", "[abcde12345]"),
        ('!Sub "${Owner}/token-service"', "333333333333/tokens-${Api}"),
        ('!Sub "${Owner}/token-service"', "333333333333/tokens-&{Api}"),
        ('!Sub "${Owner}/token-service"', '"{{resolve:ssm:/target}}"'),
        (
            "          ServiceTimeout: 300\n",
            "          Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://a/b}}\n",
        ),
        (
            "          GrantType: Authorizer\n",
            "          Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://a/b}}\n",
        ),
    ],
)
def test_what_a_loop_a_reference_or_an_include_makes_is_left_to_cloudformation(
    right: str, also_right: str, tmp_path: Path
) -> None:
    """Fn::ForEach replaces its identifier in every text of its body (the AWS reference of the function, "Identifier")."""
    assert ours(FOR_EACH.replace(right, also_right), tmp_path) == []


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "place"),
    [
        ("ApiId: !Ref Api", "ApiID: !Ref Api", "E9101", "ApiID:"),
        ("GrantType: Authorizer", "GrantType: Authorise", "E9101", "GrantType:"),
        ("[abcde12345, bcdef23456]", "[abcde12345, Bcdef23456]", "E9101", "ApiId:"),
        ("ApiId: !Ref Api", "ApiId: !Ref Api\n          Methods: [GET]", "E9103", "Methods:"),
        (":${AWS::Region}:", ":eu-west-1:", "E9104", "ServiceToken:"),
        ("          ServiceTimeout: 300\n", "", "W9105", "Properties:"),
        ("        Properties", "        DeletionPolicy: Retain\n        Properties", "W9110", "DeletionPolicy:"),
    ],
)
def test_a_mistake_in_the_body_of_a_loop_is_found_where_it_stands(
    right: str, wrong: str, rule: str, place: str, tmp_path: Path
) -> None:
    text = FOR_EACH.replace(right, wrong)
    lines = text.splitlines()
    found = [one for one in linted(text, tmp_path) if one.rule.id == rule]
    assert any(lines[one.linenumber - 1].strip().startswith(place) for one in found), found


def test_a_misread_attribute_of_a_resource_that_a_loop_has_made_is_found(tmp_path: Path) -> None:
    read = "Outputs:\n  Uri: {Value: !GetAtt Permissionabcde12345.AuthorizerURI}\n"
    assert ours(FOR_EACH.split("Outputs:", maxsplit=1)[0] + read, tmp_path) == ["E9102"]


def test_aliases_that_multiply_are_told_once(tmp_path: Path) -> None:
    """CloudFormation takes no aliases, as cfn-lint says (W1101); ours looks at each property once."""
    levels = "".join(f"      Y{one}: &{one} [{', '.join([f'*{one - 1}'] * 9)}]\n" for one in range(1, 4))
    text = HOSTILE["no properties"] + f"    Properties:\n      Target: &0 [x]\n{levels}"
    found = [(one.rule.id, one.message) for one in linted(text, tmp_path) if one.rule.id[1:3] == "91"]
    assert sorted(set(found)) == sorted(found)
    assert {rule for rule, _ in found} == {"E9101", "W9105"}
