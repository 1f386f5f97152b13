"""`crossaccount drift` on a ledger in which something was found of everything."""

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, permission
from tables import create_ledger

from provider.cli.main import run
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.absences import Absence, AbsenceKind, AccountRecord
from provider.core.declarations import Grant, declared
from provider.core.findings import FindingKind
from provider.core.identifiers import AccountId, Arn, IssuedAt, Target
from provider.core.records import GrantRecord, OriginRecord
from provider.core.requests import parse
from provider.localcloud import LocalCloud

ARN = Arn(FUNCTION)
NAME = Target(AccountId(OWNER), "default", "token-service")


@pytest.fixture
def ledger(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> DynamoDBLedger:
    """A ledger of its own, which the command finds as an operator of the central account."""
    client, table = cloud.client("dynamodb", "central"), f"drift-{secrets.token_hex(4)}"
    create_ledger(client, table)
    monkeypatch.setattr("provider.cli.drift.TABLE", table)
    for variable, value in cloud.environment("central").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)
    return DynamoDBLedger(client, table)


def reconciled(
    ledger: DynamoDBLedger, *findings: tuple[FindingKind, str], arn: Arn = ARN, due_in: float = 60.0
) -> None:
    """A resource that a pass has left with these findings."""
    now = time.time()
    ledger.want(arn, frozenset({NAME}), now)
    resource = ledger.acquire(arn, "me", now)
    assert resource is not None
    kept = replace(resource, findings=tuple((kind.value, detail) for kind, detail in findings))
    assert ledger.release(kept, frozenset({NAME}), now + due_in, 100)


def grants(ledger: DynamoDBLedger, absences: Sequence[Absence | None]) -> list[GrantRecord]:
    """Grants of one origin each, absent as told."""
    found = []
    for number, absence in enumerate(absences):
        event = {**permission(ApiId=f"api{number:07}").event("Create"), "LogicalResourceId": f"P{number}"}
        item = {"request": "r", "issuedAt": "20261118T000000Z", "event": json.dumps(event)}
        grant = declared(parse(item, AccountId(CONSUMER)))
        assert isinstance(grant, Grant)
        row = GrantRecord(grant, NAME, ARN, IssuedAt("20261118T000000Z"), absence=absence)
        later = time.time() + 3600
        ledger.commit([OriginRecord(grant.origin, frozenset({row.id}), {row.id: NAME}, look_at=later), row], [], 0.0)
        found.append(row)
    return found


def lines(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The cells of the table, less its headings."""
    return [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()[1:]]


def test_a_healthy_centre_has_nothing_to_say(ledger: DynamoDBLedger, capsys: pytest.CaptureFixture[str]) -> None:
    reconciled(ledger)
    ledger.keep(AccountRecord(AccountId(CONSUMER), time.time()))
    assert run(["drift"]) == 0
    assert capsys.readouterr() == ("", "Nothing is found.\n")
    assert run(["drift", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_everything_that_was_found_is_listed_and_the_exit_code_says_so(
    ledger: DynamoDBLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    late = Arn(f"{FUNCTION}2")
    reconciled(ledger, (FindingKind.UNEXPLAINED, "Authorizer x"), (FindingKind.FOREIGN, "theirs"))
    reconciled(ledger, arn=late, due_in=-7200.0)
    ledger.keep(AccountRecord(AccountId(CONSUMER), 0.0, departed_since=1.0, unobserved_since=2.0))
    assert run(["drift"]) == 1
    captured = capsys.readouterr()
    found = {tuple(line.split()[:2]) for line in captured.out.splitlines()[1:]}
    assert found == {
        ("Unexplained", FUNCTION),
        ("Foreign", FUNCTION),
        ("Overdue", late),
        ("Departed", CONSUMER),
        ("Unobserved", CONSUMER),
    }
    assert captured.err == "Error: 4 findings. docs/drift.md says of each kind what to do.\n"


def test_statements_of_others_alone_are_no_drift(ledger: DynamoDBLedger, capsys: pytest.CaptureFixture[str]) -> None:
    reconciled(ledger, (FindingKind.FOREIGN, "theirs"))
    assert run(["drift"]) == 0
    assert lines(capsys) == [["Foreign", FUNCTION, "theirs"]]


def test_findings_are_filtered_by_account_and_kind(ledger: DynamoDBLedger, capsys: pytest.CaptureFixture[str]) -> None:
    reconciled(ledger, (FindingKind.UNEXPLAINED, "x"), (FindingKind.GONE, "y"))
    ledger.keep(AccountRecord(AccountId(CONSUMER), 0.0, departed_since=1.0))
    assert run(["drift", "--account", CONSUMER]) == 1
    assert [line[0] for line in lines(capsys)] == ["Departed"]
    assert run(["drift", "--kind", "Gone", "--kind", "Departed", "--output", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["account"], one["kind"]) for one in found] == [(CONSUMER, "Departed"), (OWNER, "Gone")]
    assert run(["drift", "--kind", "ShutOut"]) == 0


def test_an_operator_accepts_a_grant_or_all_of_a_target(
    ledger: DynamoDBLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    abandoned, retained = Absence(AbsenceKind.ABANDONED, 1.0), Absence(AbsenceKind.RETAINED, 1.0)
    rows = grants(ledger, [retained, None, abandoned, abandoned])

    def accepted() -> list[bool]:
        now = [ledger.row(NAME, row.id) for row in rows]
        return [bool(one and one.absence and one.absence.accepted) for one in now]

    assert run(["drift", "--accept", rows[0].id]) == 0
    assert accepted() == [True, False, False, False]
    assert [one.origin for one in ledger.to_look_at(time.time() + 1)] == [rows[0].grant.origin], "and looked at at once"
    assert run(["drift", "--accept", f"{OWNER}/token-service"]) == 0
    assert accepted() == [True, False, True, True]
    assert capsys.readouterr().out.startswith(f"{rows[0].id}: 1 accepted")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--account", "12"], 2, "12 digits"),
        (["--kind", "Nothing"], 2, "Nothing"),
        (["--accept", "token-service"], 2, "ACCOUNT/NAME"),
        (["--accept", f"{OWNER}/nothing"], 1, "nothing that is abandoned, retained or departed"),
        (["--accept", f"grant-{'0' * 32}"], 1, "nothing that is abandoned, retained or departed"),
        (["--accept", CONSUMER], 1, "nothing that is abandoned, retained or departed"),
    ],
)
def test_what_cannot_be_meant_is_said(
    ledger: DynamoDBLedger, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["drift", *arguments]) == code
    assert words in capsys.readouterr().err


def test_an_operator_accepts_that_an_account_has_left(
    ledger: DynamoDBLedger, capsys: pytest.CaptureFixture[str]
) -> None:
    account = AccountId(CONSUMER)
    ledger.keep(AccountRecord(account, 1.0, departed_since=1.0))
    assert run(["drift", "--accept", account]) == 0
    assert ledger.accounts()[account].accepted
    assert run(["drift"]) == 1
    assert lines(capsys)[-1][-1].endswith("nothing is suspended yet")


def test_who_has_accepted_what_is_remembered(ledger: DynamoDBLedger, cloud: LocalCloud) -> None:
    [row] = grants(ledger, [Absence(AbsenceKind.ABANDONED, 1.0)])
    assert run(["drift", "--accept", row.id]) == 0
    client: Any = cloud.client("dynamodb", "central")
    found = client.query(
        TableName=ledger._table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "HISTORY#ACCEPTED"}},
    )["Items"]
    assert [(one["id"]["S"], one["by"]["S"][:25]) for one in found] == [(row.id, "arn:aws:iam::222222222222")]
