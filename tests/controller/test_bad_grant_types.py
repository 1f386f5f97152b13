"""What may not be asked of each grant type is refused by name, and nothing is written."""

from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, Centre
from resources import asked, create_all, published

CASES: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("another account's role", "api", "ExecuteApi", {"Principals": [f"arn:aws:iam::{OTHER}:role/a"]}, "Principals[0]"),
    ("another account's user", "role", "AssumeRole", {"Principals": [f"arn:aws:iam::{OTHER}:user/a"]}, "Principals[0]"),
    ("a wildcard", "function", "InvokeFunction", {"Principals": [f"arn:aws:iam::{CONSUMER}:role/*"]}, "Principals[0]"),
    ("a root", "function", "InvokeFunction", {"Principals": [f"arn:aws:iam::{CONSUMER}:root"]}, "Principals[0]"),
    ("another partition", "api", "ExecuteApi", {"Principals": [f"arn:aws-cn:iam::{CONSUMER}:role/a"]}, "Principals[0]"),
    ("another stage", "api", "ExecuteApi", {"StageName": "beta"}, "StageName 'beta'"),
    ("a path that is none", "api", "ExecuteApi", {"Paths": ["orders"]}, "Paths[0]"),
    ("a path that leaves its place", "api", "ExecuteApi", {"Paths": ["/orders/../admin"]}, "Paths[0]"),
    ("a method that is none", "api", "ExecuteApi", {"Methods": ["get"]}, "Methods[0]"),
    (
        "an endpoint of a public API",
        "api",
        "ExecuteApi",
        {"VpcEndpointIds": ["vpce-0123456789abcdef0"]},
        "VpcEndpointIds",
    ),
    (
        "an API's id for an ARN",
        "function",
        "Authorizer",
        {"ApiId": "arn:aws:apigateway:us-east-1::/restapis/a"},
        "ApiId",
    ),
    ("another grant type", "api", "AssumeRole", {}, "GrantType AssumeRole"),
    ("a property of another type", "role", "AssumeRole", {"Methods": ["GET"]}, "Methods"),
]


@pytest.mark.parametrize(
    ("kind", "grant_type", "given", "names"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_it_is_refused_by_name_and_nothing_is_written(
    kind: str, grant_type: str, given: dict[str, Any], names: str
) -> None:
    centre = Centre()
    create_all(centre)
    assert centre.ask(OWNER, published(kind).event("Create")).status == "SUCCESS"
    answer = centre.ask(CONSUMER, asked(kind, grant_type, **given).event("Create"))
    assert answer.status == "FAILED"
    assert names in answer.reason
    assert answer.reason.endswith(".")
    assert centre.policies.writes == []
