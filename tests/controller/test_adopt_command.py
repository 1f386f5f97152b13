"""`crossaccount adopt`: what statements of others come to, what an operator records of it, and what the controller then does."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, permission, source
from dynamodb_twin import TransactionCanceledError
from hand_written import ALL, NAME, THEIRS, read, sids, theirs
from reading import CENTRAL, ReadCentre

from provider.cli.ledger import TABLE
from provider.cli.main import run
from provider.core.adopting import Ending
from provider.core.errors import ShutOut
from provider.core.identifiers import Arn

__all__ = ["read", "theirs"]


def history(centre: ReadCentre) -> list[tuple[str, str]]:
    found = [item for item in centre.tables._all(TABLE) if item["pk"]["S"] == "HISTORY#ADOPTIONS"]
    return [(item["happened"]["S"], item["by"]["S"]) for item in found]


def test_each_statement_is_shown_as_the_permission_that_says_the_same_or_with_the_reason(theirs: ReadCentre) -> None:
    lines = theirs.lines("adopt", NAME, *THEIRS)
    assert [(one["statement"], one["account"], one["type"], one["properties"], one["state"]) for one in lines] == [
        ("orders111", CONSUMER, "Authorizer", {"ApiId": "a1b2c3d4e5"}, "Missing"),
        ("orders444", OTHER, "Authorizer", {"ApiId": "a1b2c3d4e5"}, "Refused"),
        ("No", "", "", {}, "Stays"),
    ]
    assert f"add '{OTHER}' to AllowedAccounts" in lines[1]["why"]
    assert lines[2]["why"].startswith("It denies")
    theirs.ask(CONSUMER, permission().event("Create"))
    assert theirs.lines("adopt", NAME, *THEIRS)[0]["state"] == "Granted"
    assert sids(theirs)[:3] == ["orders111", "orders444", "No"], "showing changes nothing"


def test_the_table_says_it_on_one_line_each(theirs: ReadCentre) -> None:
    assert run(["adopt", NAME, *THEIRS]) == 0
    first, *lines = theirs.capsys.readouterr().out.splitlines()
    assert first.split() == ["STATEMENT", "ACCOUNT", "REGION", "TYPE", "ASKS", "STATE", "ADOPTED", "WHY"]
    assert lines[0].split() == [
        "orders111",
        CONSUMER,
        "us-east-1",
        "Authorizer",
        "ApiId=a1b2c3d4e5",
        "Missing",
        "-",
        "-",
    ]
    assert len(lines) == 3


def test_what_an_operator_adopts_goes_when_its_consumer_asks_and_is_remembered(theirs: ReadCentre) -> None:
    assert run([*ALL]) == 0
    assert run([*ALL]) == 0
    said = theirs.capsys.readouterr().out
    assert f"orders111 is adopted: it goes when grants allow {CONSUMER} all that it does." in said
    assert "orders444 was adopted already" in said
    assert "No" not in [line.split()[0] for line in said.splitlines()]
    [first, second] = theirs.lines("adopt", "--list")
    assert {first["statement"]: first["missing"], second["statement"]: second["missing"]} == {
        "orders111": [CONSUMER],
        "orders444": [OTHER],
    }
    theirs.centre.round()
    theirs.ask(CONSUMER, permission().event("Create"))
    assert theirs.centre.sources() == [source()]
    assert sids(theirs)[:2] == ["orders444", "No"]
    operator = f"arn:aws:iam::{CENTRAL}:user/operator"
    assert sorted(history(theirs)) == [("Adopted", operator), ("Adopted", operator), ("TakenOver", operator)]
    assert [one["statement"] for one in theirs.lines("adopt", NAME, "--list")] == ["orders444"]
    assert theirs.lines("drift", "--kind", "Adopted")[0]["detail"] == "orders444"


def test_one_statement_is_adopted_by_its_sid_or_its_id_and_withdrawn_again(theirs: ReadCentre) -> None:
    number = theirs.lines("adopt", NAME, *THEIRS)[0]["id"]
    assert run(["adopt", NAME, *THEIRS, "--statement", number]) == 0
    theirs.capsys.readouterr()
    assert [one["statement"] for one in theirs.lines("adopt", "--list")] == ["orders111"]
    assert theirs.lines("adopt", NAME, *THEIRS)[0]["adopted"]
    assert run(["adopt", NAME, "--withdraw", "--statement", "orders111"]) == 0
    assert theirs.capsys.readouterr().out == "orders111 stays: its adoption is withdrawn.\n"
    assert theirs.lines("adopt", "--list") == []
    theirs.ask(CONSUMER, permission().event("Create"))
    assert "orders111" in sids(theirs)
    assert [happened for happened, _ in sorted(history(theirs))] == ["Adopted", "Withdrawn"]
    assert run(["adopt", NAME, "--withdraw", "--all"]) == 1
    assert "No such statement" in theirs.capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Give ACCOUNT/NAME"),
        (["token-service"], 2, "'token-service' is no target"),
        ([NAME, "--withdraw"], 2, "Give --statement or --all"),
        ([NAME, "--all", "--central-account", CENTRAL, *THEIRS], 2, "Only an operator adopts"),
        ([NAME, "--all", "--template", *THEIRS], 2, "Only an operator adopts"),
        (["--list", "--all"], 2, "with a target or without"),
        ([NAME, "--statement", "No", *THEIRS], 1, "No cannot be adopted. It denies"),
        ([NAME, "--statement", "Nobody", *THEIRS], 1, "Run it without --statement"),
        ([f"{OWNER}/nothing", *THEIRS], 1, "Publish it first"),
        ([NAME], 4, "Name a profile of that account by --owner-profile"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(
    theirs: ReadCentre, arguments: list[str], code: int, words: str
) -> None:
    assert run(["adopt", *arguments]) == code
    error = theirs.capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_an_owner_whose_policy_is_not_shown_to_his_profile_is_told_so(theirs: ReadCentre) -> None:
    theirs.centre.policies.shut[Arn(FUNCTION)] = ShutOut(FUNCTION, "lambda:GetResourcePolicy")
    assert run(["adopt", NAME, *THEIRS]) == 4
    assert "Use a profile that may read it" in theirs.capsys.readouterr().err


def test_an_owner_sees_it_by_his_own_profile_and_his_part_of_the_ledger(
    theirs: ReadCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(ALL) == 0
    theirs.capsys.readouterr()
    options = theirs.account(OWNER)
    monkeypatch.setattr("boto3.Session", theirs.session)
    lines = theirs.lines("adopt", NAME, *options, "--profile", "owner")
    assert [(one["statement"], one["state"], one["adopted"]) for one in lines] == [
        ("orders111", "Missing", ""),
        ("orders444", "Refused", ""),
        ("No", "Stays", ""),
    ]


def test_an_adoption_is_exported_and_comes_back(
    theirs: ReadCentre, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provider.cli.restoring.time", SimpleNamespace(time=theirs.centre.clock.now))
    assert run(ALL) == 0
    file = tmp_path / "ledger.jsonl"
    assert run(["export", str(file)]) == 0
    theirs.tables.tables.clear()
    theirs.tables.shards.clear()
    theirs.capsys.readouterr()
    changes = theirs.lines("import", str(file), "--apply")
    assert {"target": NAME, "account": OWNER, "record": "adoption", "change": "added", "number": 2} in changes
    theirs.centre.round()
    theirs.ask(CONSUMER, permission().event("Create"))
    assert sids(theirs)[:2] == ["orders444", "No"]


def test_an_export_whose_adoption_is_no_statement_is_damaged(theirs: ReadCentre, tmp_path: Any) -> None:
    assert run([*ALL]) == 0
    [item] = [one for one in theirs.tables._all(TABLE) if "orders111" in one.get("statement", {}).get("S", "")][:1]
    theirs.tables.put(TABLE, item, {**item, "statement": {"S": json.dumps(None)}})
    file = tmp_path / "ledger.jsonl"
    assert run(["export", str(file)]) == 0
    assert run(["import", str(file)]) != 0
    assert "is damaged" in theirs.capsys.readouterr().err


def test_an_end_that_an_operator_crosses_is_left_to_the_next_pass(
    theirs: ReadCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(ALL) == 0
    ledger = theirs.centre.ledger
    first, *others = ledger.adoptions(Arn(FUNCTION))

    def cancelled(**_: Any) -> None:
        raise TransactionCanceledError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")

    with monkeypatch.context() as crossing:
        crossing.setattr(theirs.tables, "transact_write_items", cancelled)
        ledger.end(first, Ending.TAKEN_OVER, 0.0)
    assert ledger.adoptions(Arn(FUNCTION)) == (first, *others)
    ledger.end(first, Ending.TAKEN_OVER, 0.0)
    assert ledger.adoptions(Arn(FUNCTION)) == (*others,)
