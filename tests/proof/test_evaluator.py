"""The evaluator answers what is known, is pinned, and stays beside the tests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evaluator import ENVIRONMENT, Evaluator, Question
from local_opinion import would_allow
from rolled_out import ROOT

HERE = Path(__file__).parent
A, B = "111111111111", "222222222222"
SESSION = f"arn:aws:sts::{A}:assumed-role/asks/x"
TABLE = f"arn:aws:dynamodb:us-east-1:{A}:table/t"
ROLE = f"arn:aws:iam::{B}:role/target"
DEPLOYMENTS = "arn:aws:apigateway:us-east-1::/restapis/a1/deployments"


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    with Evaluator() as one:
        yield one


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def says(effect: str, action: str, resource: str | None = None, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, **({"Resource": resource} if resource else {}), **more}


def asks(action: str, resource: str, owner: str = A, principal: str = SESSION, **policies: Any) -> Question:
    keys = {"aws:principalaccount": A, **policies.pop("keys", {})}
    return Question(principal, action, resource, owner, json.dumps(keys), **policies)


GET = says("Allow", "dynamodb:GetItem", TABLE)
OWN_KEY = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/account}"]}}
NOT_NULL = {"Null": {"dynamodb:LeadingKeys": "false"}}
TRUST = says("Allow", "sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{A}:root"})
TAG_TRUST = says(
    "Allow",
    "sts:AssumeRole",
    Principal={"AWS": "*"},
    Condition={"StringEquals": {"aws:RequestTag/account": "${aws:PrincipalAccount}"}},
)
LAMBDA = says("Allow", "sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
ASSUME = policy(says("Allow", "sts:AssumeRole", "*"))
POST = policy(says("Allow", "apigateway:POST", "arn:aws:apigateway:*::/restapis/*/deployments"))


@pytest.mark.parametrize(
    ("question", "allowed"),
    [
        (asks("dynamodb:GetItem", TABLE, identity=(policy(GET),)), True),
        (asks("dynamodb:PutItem", TABLE, identity=(policy(GET),)), False),
        (asks("dynamodb:GetItem", TABLE), False),
        (asks("dynamodb:GetItem", TABLE, identity=(policy(GET), policy(says("Deny", "dynamodb:*", "*")))), False),
        (asks("dynamodb:GetItem", TABLE, identity=(policy(GET),), session=policy(says("Allow", "s3:*", "*"))), False),
        (
            asks(
                "dynamodb:GetItem",
                TABLE,
                identity=(policy({**GET, "Condition": OWN_KEY}),),
                keys={"aws:principaltag/account": A, "dynamodb:leadingkeys": [A]},
            ),
            True,
        ),
        (
            asks(
                "dynamodb:GetItem",
                TABLE,
                identity=(policy({**GET, "Condition": OWN_KEY}),),
                keys={"aws:principaltag/account": A, "dynamodb:leadingkeys": [A, B]},
            ),
            False,
        ),
        (asks("dynamodb:GetItem", TABLE, identity=(policy({**GET, "Condition": OWN_KEY}),)), True),
        (asks("dynamodb:GetItem", TABLE, identity=(policy({**GET, "Condition": {**OWN_KEY, **NOT_NULL}}),)), False),
        (asks("sts:AssumeRole", ROLE, B, identity=(ASSUME,), policy=policy(TRUST)), True),
        (asks("sts:AssumeRole", ROLE, B, policy=policy(TRUST)), False),
        (asks("sts:AssumeRole", ROLE, B, identity=(ASSUME,)), False),
        (
            asks(
                "sts:AssumeRole",
                ROLE,
                B,
                identity=(ASSUME,),
                policy=policy(TAG_TRUST),
                keys={"aws:requesttag/account": A},
            ),
            True,
        ),
        (
            asks(
                "sts:AssumeRole",
                ROLE,
                B,
                identity=(ASSUME,),
                policy=policy(TAG_TRUST),
                keys={"aws:requesttag/account": B},
            ),
            False,
        ),
        (asks("sts:AssumeRole", ROLE, B, "lambda.amazonaws.com", policy=policy(LAMBDA)), True),
        (asks("sts:AssumeRole", ROLE, B, "ec2.amazonaws.com", policy=policy(LAMBDA)), False),
        (asks("apigateway:POST", DEPLOYMENTS, identity=(POST,)), True),
        (asks("apigateway:POST", DEPLOYMENTS, identity=(POST,), session=policy(GET)), False),
    ],
    ids=[
        "allowed",
        "another action",
        "no policy",
        "denied",
        "narrowed by the session",
        "own key",
        "another's key among them",
        "ForAllValues of an absent key",
        "absent key with Null",
        "both sides",
        "the other side alone",
        "one side alone",
        "tag is the account",
        "tag is another account",
        "a service",
        "another service",
        "a resource that it does not know",
        "such a resource, narrowed by the session",
    ],
)
def test_known_answers_are_given(evaluator: Evaluator, question: Question, allowed: bool) -> None:
    """By the evaluator, and by the local cloud's reading of policies alike."""
    [opinion] = evaluator.judge([question])
    assert opinion.allowed is allowed
    assert would_allow(question) is allowed


def test_a_policy_that_is_none_is_an_error(evaluator: Evaluator) -> None:
    """Rather than a denial, which would look like success; and the evaluator goes on."""
    with pytest.raises(AssertionError, match="Efect"):
        evaluator.judge(
            [asks("dynamodb:GetItem", TABLE, identity=('{"Version": "2012-10-17", "Statement": {"Efect": 1}}',))]
        )
    assert evaluator.judge([asks("dynamodb:GetItem", TABLE, identity=(policy(GET),))])[0].allowed


def test_the_first_that_is_answered_so_is_found(evaluator: Evaluator) -> None:
    yes, no = asks("dynamodb:GetItem", TABLE, identity=(policy(GET),)), asks("dynamodb:GetItem", TABLE)
    assert evaluator.first([no, no, yes, no], allowed=True) == 2
    assert evaluator.first([yes, no], allowed=False) == 1
    assert evaluator.first([no, no], allowed=True) is None
    assert evaluator.first([], allowed=True) is None


def test_every_package_is_pinned_and_no_registry_is_named() -> None:
    """The lock has a version and a checksum for each; whoever installs uses their own registry."""
    lock = json.loads((HERE / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert [name for name, one in packages.items() if not (one["version"] and one["integrity"])] == []
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert all("==" in line for line in (HERE / "requirements.txt").read_text("utf-8").splitlines())


def test_the_environment_is_built_once() -> None:
    assert ENVIRONMENT.ensure() == ENVIRONMENT.ensure()


def test_nothing_of_ours_knows_the_evaluator() -> None:
    """It is licensed otherwise: no package and no zip has anything of it."""
    code = "import provider, sys, pathlib; print(pathlib.Path(provider.__file__).parent)"
    where = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    texts = [path.read_text("utf-8") for path in Path(where.strip()).rglob("*.py")]
    assert texts
    assert [text for text in texts if "cloud-copilot" in text] == []
