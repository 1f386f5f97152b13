"""Nothing of ours is found in templates that use none of our types, nor a traceback in what is no template."""

from pathlib import Path

import pytest
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs

ROOT = Path(__file__).parents[2]
RULES = ROOT / "provider" / "lint" / "rules"
CORPUS = sorted((ROOT / "tests" / "localcloud" / "templates").glob("*.yaml"))

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
    template = directory / "template.yaml"
    template.write_text(text, "utf-8")
    found = lint_file(template, config=ManualArgs(append_rules=[str(RULES)], regions=["us-east-1"]))
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


def test_a_property_of_100_kb_is_one_finding_and_its_message_is_short(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(HOSTILE["a property of 100 KB"], "utf-8")
    found = lint_file(template, config=ManualArgs(append_rules=[str(RULES)], regions=["us-east-1"]))
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
