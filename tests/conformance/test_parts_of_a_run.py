"""What keeps a run from harm, part by part: what it may do, what it notes before it does it, and what it says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import permitted
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from cleaning import TAG, clear, tagged
from every_call import Wire
from journal import Journal, Made, unfinished
from not_on_aws import NotOnAws, reason
from outcomes import Case, Outcome, of_error, short, together
from report import as_markdown, lines
from selection import Row
from stand_ins import StandIns
from undoing import _STANDS, _UNDO, MADE_BY, NAMED, left_by

from provider.rollout.stacks import StackFailed

ROLE = Made("710000000001", "us-east-1", "iam.CreateRole", "one")
TABLE = Made("710000000001", "us-east-1", "dynamodb.CreateTable", "two")
NOWHERE = "http://127.0.0.1:9"


def client_error(code: str, words: str = "words") -> ClientError:
    answer = {"HTTPStatusCode": 404 if code == "404" else 400}
    return ClientError({"Error": {"Code": code, "Message": words}, "ResponseMetadata": answer}, "Operation")


# --- what it may do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        "organizations.CloseAccount",
        "organizations.MoveAccount",
        "organizations.LeaveOrganization",
        "apigateway.UpdateAccount",
        "iam.CreateAccountAlias",
        "iam.AttachRolePolicy",
        "ec2.CreateVpc",
        "kms.ScheduleKeyDeletion",
        "s3.DeleteBucket",
        "dynamodb.DeleteTable",
        "lambda.PutFunctionConcurrency",
        "account.PutContactInformation",
    ],
)
def test_what_concerns_more_than_the_run_has_made_is_not_done(operation: str) -> None:
    service, _, name = operation.partition(".")
    with pytest.raises(NotOnAws, match=f"calls {service}:{name}, which the run does not do in anybody's account"):
        permitted.check(operation)


def test_all_that_is_made_can_be_taken_away() -> None:
    assert set(_UNDO) == MADE_BY
    makes = ("Create", "PutRule")
    known = [operation for operation in MADE_BY if operation.partition(".")[2].startswith(makes)]
    assert sorted(known) == sorted(MADE_BY)
    assert set(_STANDS) == set(NAMED)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.begin(tmp_path / "run.jsonl", {"consumer": ROLE.account})


class Holding:
    """An account in which there is a role, a rule and a bucket, all called `theirs`."""

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def describe(**named: str) -> dict[str, str]:
            if "theirs" in named.values():
                return named
            raise client_error("404" if operation == "head_bucket" else "ResourceNotFoundException")

        return describe


@pytest.fixture
def client(journal: Journal) -> Iterator[Callable[[str], Any]]:
    """Clients of a run, of an account that nothing answers for."""
    stand_ins = StandIns({"111111111111": ROLE.account})
    keys = {"AKIACONSUMER": ROLE.account}
    wire = Wire(stand_ins, journal, lambda *_: Holding(), lambda one: keys.get(one.access_key, ""), waits=False)
    with wire.tapped():

        def make(service: str, key: str = "AKIACONSUMER") -> Any:
            once = Config(retries={"total_max_attempts": 1})
            session = boto3.Session(key, "secret", region_name="us-east-1")
            return session.client(service, endpoint_url=NOWHERE, config=once)

        yield make


def test_a_thing_is_noted_before_it_is_made(client: Callable[[str], Any], journal: Journal) -> None:
    """So that whatever happens to the answer, it is taken away."""
    with pytest.raises(EndpointConnectionError):
        client("iam").create_role(RoleName="one", AssumeRolePolicyDocument="{}")
    assert journal.standing() == [ROLE]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("iam", "create_role", {"RoleName": "theirs", "AssumeRolePolicyDocument": "{}"}),
        ("events", "put_rule", {"Name": "theirs", "ScheduleExpression": "rate(1 day)"}),
        ("s3", "create_bucket", {"Bucket": "theirs"}),
    ],
)
def test_what_is_there_already_is_neither_made_nor_taken_away(
    client: Callable[[str], Any], journal: Journal, service: str, operation: str, parameters: dict[str, str]
) -> None:
    """Whether AWS would refuse it, or answer as if it had been made, or not answer at all."""
    with pytest.raises(NotOnAws, match="would make theirs, of which name there is one that the run has not made"):
        getattr(client(service), operation)(**parameters)
    assert journal.standing() == []


def test_what_a_stack_could_not_make_is_not_left_by_it() -> None:
    """Because somebody else has one of that name."""

    class Stacks(Holding):
        def get_paginator(self, _: str) -> "Stacks":
            return self

        def paginate(self, **_: str) -> list[dict[str, Any]]:
            kinds = {
                "theirs": "CREATE_FAILED",
                "theirs-too": "DELETE_COMPLETE",
                "s-own": "DELETE_COMPLETE",
                "kept": "DELETE_SKIPPED",
            }
            told = [
                {"ResourceType": kind, "PhysicalResourceId": name, "ResourceStatus": status}
                for name, status in kinds.items()
                for kind in ("AWS::DynamoDB::Table", "AWS::Lambda::Function")
            ]
            return [{"StackResourceSummaries": told}]

    left = left_by(Made(ROLE.account, "us-east-1", "cloudformation.CreateStack", "s"), lambda *_: Stacks())
    assert [one.name for one in left] == ["s-own", "/aws/lambda/s-own", "kept", "/aws/lambda/kept"]


def test_what_is_not_permitted_is_not_sent(client: Callable[[str], Any], journal: Journal) -> None:
    with pytest.raises(NotOnAws, match="organizations:CloseAccount"):
        client("organizations").close_account(AccountId="111111111111")
    assert journal.standing() == []


def test_somebody_unknown_makes_nothing(client: Callable[..., Any], journal: Journal) -> None:
    """It could not be found again."""
    with pytest.raises(NotOnAws, match=r"calls iam\.CreateRole as somebody whose account the run does not know"):
        client("iam", "AKIASOMEBODY").create_role(RoleName="one", AssumeRolePolicyDocument="{}")
    assert journal.standing() == []


@pytest.mark.parametrize("name", ["theirs", "arn:aws:cloudformation:us-east-1:111111111111:stack/theirs/12345678"])
def test_a_stack_that_the_run_has_not_made_is_left_alone(client: Callable[[str], Any], name: str) -> None:
    for change in ("delete_stack", "update_stack"):
        with pytest.raises(NotOnAws, match="would change the stack theirs, which the run has not made"):
            getattr(client("cloudformation"), change)(StackName=name)


def test_sessions_that_are_made_afterwards_are_left_alone(journal: Journal) -> None:
    with Wire(StandIns({}), journal, lambda *_: None, str, waits=False).tapped():
        pass
    with pytest.raises(EndpointConnectionError):
        boto3.Session("key", "secret", region_name="us-east-1").client(
            "organizations", endpoint_url=NOWHERE, config=Config(retries={"total_max_attempts": 1})
        ).close_account(AccountId="111111111111")


# --- what stands ------------------------------------------------------------------------------------------


def test_the_journal_tells_what_stands_the_newest_first(journal: Journal) -> None:
    """Whatever was noted twice; a line that the machine did not finish counts for nothing."""
    for thing in (ROLE, TABLE, ROLE):
        journal.made(thing)
    assert journal.standing() == [ROLE, TABLE]
    journal.path.write_text(journal.path.read_text("utf-8") + '\n{"made": {"acc', "utf-8")
    journal.gone(ROLE)
    assert Journal(journal.path).standing() == [TABLE]
    assert journal.accounts == {"consumer": ROLE.account}
    assert [one.path for one in unfinished(journal.path.parent)] == [journal.path]
    journal.gone(TABLE)
    assert unfinished(journal.path.parent) == []


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaning.AGAIN", 0.0)


def test_what_aws_does_not_take_yet_is_tried_until_it_does(journal: Journal) -> None:
    """A call too many, and a change that was not in force."""
    answers = iter(["TooManyRequestsException", "TooManyRequestsException", "AccessDenied", ""])

    class Api:
        def delete_rest_api(self, **_: str) -> None:
            if code := next(answers):
                raise client_error(code)

    journal.made(Made("710000000001", "us-east-1", "apigateway.CreateRestApi", "a1"))
    assert clear(journal, lambda *_: Api(), lambda _: None) == {}
    assert journal.standing() == []
    assert list(answers) == []


def test_what_cannot_be_taken_away_stays_in_the_journal_with_the_reason(journal: Journal) -> None:
    """And holds up nothing else."""

    class Denied:
        def __getattr__(self, name: str) -> Any:
            raise client_error("AccessDenied", "not you")

    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise client_error("ResourceNotFoundException")

    for thing in (TABLE, ROLE):
        journal.made(thing)
    stays = clear(journal, lambda service, *_: Denied() if service == "iam" else Gone(), lambda _: None)
    assert list(stays) == [ROLE]
    assert "not you" in stays[ROLE]
    assert journal.standing() == [ROLE]


def test_stacks_are_found_by_the_runs_tag_in_the_order_of_their_making() -> None:
    class Stacks:
        def get_paginator(self, _: str) -> "Stacks":
            return self

        def paginate(self) -> list[dict[str, Any]]:
            tags = [{"Key": TAG, "Value": "x"}]
            stacks = [("late", 2, tags), ("early", 1, tags), ("theirs", 0, [])]
            return [{"Stacks": [{"StackName": n, "CreationTime": at, "Tags": t} for n, at, t in stacks]}]

    found = tagged([ROLE.account], ["us-east-1"], lambda *_: Stacks())
    assert [thing.name for thing in found] == ["early", "late"]


# --- what it says -----------------------------------------------------------------------------------------


def test_stand_ins_go_out_real_and_come_back() -> None:
    """In text at any depth, two that are each other's too; bytes are left as they are."""
    names = StandIns({"111111111111": "222222222222", "222222222222": "111111111111", "o-localcloud": "o-a1b2c3d4e5"})
    said = {"111111111111": ["arn:aws:iam::222222222222:root", {"o": "o-localcloud/r"}, 7, b"111111111111"]}
    told = names.told(said)
    assert told == {"222222222222": ["arn:aws:iam::111111111111:root", {"o": "o-a1b2c3d4e5/r"}, 7, b"111111111111"]}
    assert names.heard(told) == said


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AssertionError("assert 1 == 2"), Outcome.DIFFERS),
        (pytest.fail.Exception("DID NOT RAISE"), Outcome.DIFFERS),
        (client_error("AccessDenied"), Outcome.DIFFERS),
        (client_error("TooManyRequestsException"), Outcome.BROKE),
        (StackFailed("s", "CREATE_FAILED", "why"), Outcome.DIFFERS),
        (EndpointConnectionError(endpoint_url="x"), Outcome.BROKE),
        (KeyError("x"), Outcome.BROKE),
        (NotOnAws("needs more"), Outcome.UNCHECKED),
    ],
)
def test_an_error_is_another_answer_or_says_nothing(error: BaseException, outcome: Outcome) -> None:
    assert of_error(error)[0] is outcome


def test_one_case_that_differs_is_a_difference_and_one_that_was_asked_an_answer() -> None:
    same, differs, unchecked = (
        Case(f"f::t[{outcome}]", outcome, str(outcome), seen) for outcome, seen in zip(Outcome, "abc", strict=False)
    )
    unchecked = Case("f::t[u]", Outcome.UNCHECKED, "why")
    assert together([same, differs, unchecked]) == Case("f::t", Outcome.DIFFERS, "differs (1 of 3 cases)", "a; b")
    assert together([same, unchecked]).outcome is Outcome.SAME
    assert together([unchecked]) == Case("f::t", Outcome.UNCHECKED, "why")


def test_no_credential_is_told() -> None:
    """A ResponseURL is one, and so is what signs a request."""
    text = (
        "assert 'https://bucket.s3.amazonaws.com/arn%7CThing?X-Amz-Signature=abcdef&X-Amz-Date=1' == ''\n"
        "{'X-Amz-Security-Token': 'secrettoken'}"
    )
    said = short(text)
    assert said.startswith("assert 'https://bucket.s3.amazonaws.com/arn%7CThing' == ''")
    assert "abcdef" not in said
    assert "secrettoken" not in said
    assert len(short("x" * 1000)) == 240


def test_a_row_without_a_test_or_whose_test_did_not_run_says_so() -> None:
    asked, unasked = Row("point", "a", "says", "f::t"), Row("point", "b", "says", reason="too long")
    found = lines([asked, unasked], [])
    assert [(line.outcome, line.detail) for line in found] == [
        (Outcome.UNCHECKED, "the run ended before"),
        (Outcome.UNCHECKED, "too long"),
    ]
    page = as_markdown(lines([asked], [Case("f::t[x]", Outcome.DIFFERS, "1 | 2")]), {"role one": "not you"}, "now")
    assert r"| point | `a` | says | differs | 1 \| 2 |  |" in page
    assert "- role one: not you" in page


def test_the_more_exact_name_says_why_a_test_is_left_out() -> None:
    logs = "tests/localcloud/test_api_access_logs.py"
    assert "interface endpoints" in reason(f"{logs}::test_a_stage_logs_who_called[x]")
    assert "setting of the whole account" in reason(f"{logs}::test_an_access_log_needs_the_accounts_role")
    assert reason("tests/localcloud/test_roles.py::test_a_boundary_in_a_template_binds") == ""
