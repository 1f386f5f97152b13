"""Bad input: an answer that names property, value and remedy; nothing written anywhere."""

from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Centre, Resource, permission, target

LONG = "x" * 60_000

CASES: list[tuple[str, Resource, str, str]] = [
    ("no api id", permission(ApiId="arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5"), "ApiId", "!Ref of the API"),
    ("a long value", permission(ApiId=LONG), "ApiId", "!Ref of the API"),
    ("a line end", permission(ApiId="a1b2c3d4e5\n"), "ApiId", "!Ref of the API"),
    ("an unknown grant type", permission(GrantType="Everything"), "GrantType", "whichever the target offers."),
    ("a missing property", permission(ApiId=None), "ApiId", "!Ref of the API"),
    ("a misspelt property", permission(APIID="a1b2c3d4e5"), "APIID", "Remove it"),
    ("a nested value", permission(Target={"a": ["b"]}), "Target", "reserved name"),
    ("a wildcard authorizer", permission(AuthorizerIds=["*"]), "AuthorizerIds[0]", "not its name"),
    ("too many authorizers", permission(AuthorizerIds=[f"a{n}" for n in range(21)]), "AuthorizerIds", "1 to 20"),
    ("a policy variable", permission(ApiId="${aws:x}"), "ApiId", "!Ref of the API"),
    ("a lone surrogate", permission(ApiId="\ud800abcdef"), "ApiId", "!Ref of the API"),
    ("a target in upper case", permission(Target=f"{OWNER}/Token-Service"), "Target", "reserved name"),
    ("a Unicode account", permission(Target="٣33333333333/token-service"), "Target", "reserved name"),
    (
        "an unpublished target",
        permission(Target=f"{OWNER}/nothing"),
        "nothing",
        "deploy its Custom::CrossAccountTarget",
    ),
    ("another environment", permission(Environment="dev"), "dev", "deploy its Custom::CrossAccountTarget"),
    ("an unreserved short name", permission(Target="token-service"), "token-service", "reserve the name"),
    ("an account not allowed", permission(OTHER), OTHER, "AllowedAccounts"),
    ("an unknown type", Resource(CONSUMER, "Wish", {}), "Wish", "Custom::CrossAccountPermission"),
    (
        "a lookup not allowed",
        Resource(OTHER, "TargetLookup", {"Target": f"{OWNER}/token-service"}),
        OTHER,
        "AllowedAccounts",
    ),
    (
        "another account's function",
        Resource(OTHER, "Target", target().properties),
        "FunctionArn",
        "account that owns it",
    ),
    ("a version", target(FunctionArn=FUNCTION.replace("live", "12")), "FunctionArn", "no version"),
    ("$LATEST", target(FunctionArn=FUNCTION.replace("live", "$LATEST")), "FunctionArn", "no version"),
    (
        "our own provider",
        target(FunctionArn=FUNCTION.replace("token:live", "cross-account-permission")),
        "FunctionArn",
        "your own",
    ),
    ("a short account", target(AllowedAccounts=["11111111111"]), "AllowedAccounts[0]", "in quotes"),
    ("nobody said", target(AllowedAccounts=None), "AllowedAccounts", "AllowOrganization: true"),
    ("neither true nor false", target(AllowOrganization="yes"), "AllowOrganization", "true or false"),
    (
        "a function that is none",
        target(FunctionArn=FUNCTION.replace("token:live", "absent")),
        "absent",
        "publish an existing",
    ),
    ("retired and current", target(RetiredArns=[FUNCTION]), "RetiredArns", "Take it out"),
]


@pytest.mark.parametrize(("resource", "names", "remedy"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_bad_input_is_refused_by_name_and_with_the_remedy_last(
    published: Centre, resource: Resource, names: str, remedy: str
) -> None:
    before = dict(published.ledger.rows)
    answer = published.ask(resource.account, {**resource.event("Create"), "LogicalResourceId": "Another"})
    assert (answer.status, answer.physical_id) == ("FAILED", f"failed-request-{published.requests}")
    assert names in answer.reason
    assert remedy in answer.reason[-110:]
    assert len(answer.reason) <= 256
    assert published.policies.writes == []
    assert published.ledger.rows == before


def test_a_failed_update_keeps_the_id_and_the_grant(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    document = published.policies.document(FUNCTION)
    answer = published.ask(CONSUMER, permission(ApiId="no id").event("Update", first))
    assert (answer.status, answer.physical_id) == ("FAILED", first)
    assert published.policies.document(FUNCTION) == document


def test_the_next_correct_deployment_works_after_a_failed_one(published: Centre) -> None:
    failed = published.ask(CONSUMER, permission(ApiId="no id").event("Create"))
    assert published.ask(CONSUMER, permission(ApiId="no id").event("Delete", failed.physical_id)).status == "SUCCESS"
    assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"


RAW: list[tuple[str, dict[str, Any], str]] = [
    ("another account's stack", {"StackId": f"arn:aws:cloudformation:us-east-1:{OTHER}:stack/s/1"}, "names account"),
    ("no stack", {"StackId": "orders"}, "StackId"),
    ("a strange request type", {"RequestType": "Grant"}, "RequestType"),
    ("no logical id", {"LogicalResourceId": None}, "LogicalResourceId"),
    ("a logical id with a quote", {"LogicalResourceId": 'a"b'}, "LogicalResourceId"),
    ("properties that are none", {"ResourceProperties": []}, "ResourceProperties"),
]


@pytest.mark.parametrize(("change", "names"), [case[1:] for case in RAW], ids=[case[0] for case in RAW])
def test_an_event_that_is_none_of_the_accounts_own_is_refused(
    published: Centre, change: dict[str, Any], names: str
) -> None:
    answer = published.ask(CONSUMER, {**permission().event("Create"), **change})
    assert answer.status == "FAILED"
    assert names in answer.reason
    assert published.policies.writes == []


@pytest.mark.parametrize("text", ["not json", "[]", "1", "[" * 50_000, '"' + "x" * 70_000 + '"'])
def test_an_event_that_is_no_json_object_is_refused(published: Centre, text: str) -> None:
    key = published.file(CONSUMER, {})
    published.desk.requests[key] = {**published.desk.requests[key], "event": text}
    published.handle(key)
    assert published.desk.answers[key].status == "FAILED"


@pytest.mark.parametrize("issued_at", ["20200101T000000Z", "29990101T000000Z", "20261399T000000Z", "yesterday", ""])
def test_an_event_whose_time_cannot_be_ordered_is_refused(published: Centre, issued_at: str) -> None:
    key = published.file(CONSUMER, permission().event("Create"), issued_at or "?")
    published.handle(key)
    assert published.desk.answers[key].status == "FAILED"
    assert published.sources() == []
