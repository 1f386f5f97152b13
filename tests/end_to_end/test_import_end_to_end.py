"""The ledger exported and imported on the whole system, by who may do that and no more: docs/operations.md has the policy."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from identities import Someone, a_name, become, make_role
from rolled_out import ROOT, TEMPLATES, Organization

from provider.cli.main import run

CENTRAL, CONSUMER, OWNER, REGION = "222222222222", "111111111111", "333333333333", "us-east-1"
GRANTS, RESTORED = "cross-account-permission-grants", "grants-at-noon"
AUDITOR = f"arn:aws:iam::{CENTRAL}:role/cross-account-permission/cross-account-permission-auditor"
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8").split("### By export and import")[1]
POLICY = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1].replace("eu-central-1", REGION))  # type: ignore[index]
Run = Callable[..., Any]


@pytest.fixture
def granted(org: Organization) -> Iterator[str]:
    """The name under which a grant of the consumer's stands."""
    publishing, target = org.publish(org.function())
    stack = a_name("held")
    org.deploy("consumer", stack, TEMPLATES / "permission.yaml", Target=target)
    yield target.partition("/")[2]
    org.delete("consumer", stack)
    org.delete("owner", publishing)


@pytest.fixture
def restored(org: Organization, granted: str) -> Iterator[str]:
    """The same name, and a copy of the ledger under another name, as point-in-time recovery makes it."""
    tables = org.cloud.client("dynamodb", "central")
    keys = {"AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]}
    keys |= {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}
    tables.create_table(TableName=RESTORED, BillingMode="PAY_PER_REQUEST", **keys)
    for item in records(org):
        tables.put_item(TableName=RESTORED, Item=item)
    yield granted
    tables.delete_table(TableName=RESTORED)


@pytest.fixture
def crossaccount(org: Organization, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line as somebody; what it prints as JSON."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", org.cloud.endpoint)

    def done(who: Someone, *arguments: str) -> Any:
        keys = who.session.get_credentials().get_frozen_credentials()
        session = Session(keys.access_key, keys.secret_key, keys.token, region_name=REGION)
        monkeypatch.setattr("boto3.Session", lambda **_: session)
        code = run([*arguments, *(["--output", "json"] if arguments[0] == "import" else [])])
        said = capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out) if arguments[0] == "import" else said.out

    return done


def records(org: Organization) -> list[dict[str, Any]]:
    pages = org.cloud.client("dynamodb", "central").get_paginator("scan").paginate(TableName=GRANTS)
    return [item for page in pages for item in page["Items"]]


def test_what_was_lost_and_added_since_is_shown_and_then_undone(
    org: Organization, restored: str, crossaccount: Run, tmp_path: Path
) -> None:
    """A grant that is lost comes back, a reservation that came later goes; nothing is touched until it is asked for."""
    file = str(tmp_path / "ledger.jsonl")
    importer = become(org.cloud, make_role(org.cloud, "central", *POLICY["Statement"]), a_name("i"))
    crossaccount(become(org.cloud, AUDITOR, a_name("a")), "export", file)
    assert crossaccount(importer, "import", file) == []
    [grant] = [one for one in records(org) if f"#{restored}" in one["pk"]["S"] and one["sk"]["S"].startswith("GRANT#")]
    tables, later = org.cloud.client("dynamodb", "central"), {"pk": {"S": "NAMES"}, "sk": {"S": "default#later"}}
    tables.delete_item(TableName=GRANTS, Key={"pk": grant["pk"], "sk": grant["sk"]})
    named = {"environment": {"S": "default"}, "name": {"S": "later"}, "owner": {"S": OWNER}}
    tables.put_item(TableName=GRANTS, Item={**later, **named})

    shown = crossaccount(importer, "import", file)
    lost = {"target": f"{OWNER}/{restored}", "account": CONSUMER, "record": "grant", "change": "added", "number": 1}
    added = {"target": "later (default)", "account": OWNER, "record": "reservation", "change": "removed", "number": 1}
    assert [lost, added] == sorted(shown, key=lambda one: one["change"])
    assert crossaccount(importer, "import", "--from-table", RESTORED) == shown
    assert grant["sk"] not in [one["sk"] for one in records(org)], "showing changes nothing"

    assert crossaccount(importer, "import", file, "--apply") == shown
    assert grant in records(org)
    assert later["sk"] not in [one["sk"] for one in records(org)]
    assert crossaccount(importer, "import", file) == []
    assert used_by(org, importer) == {
        (action, one["Resource"].partition("/")[2]) for one in POLICY["Statement"] for action in listed(one["Action"])
    }


def used_by(org: Organization, who: Someone) -> set[tuple[str, str]]:
    """What somebody has asked IAM for, on which tables; whoever it is may ask who he is."""
    arn = who.client("sts").get_caller_identity()["Arn"]
    asked = [one for call in org.cloud.calls() for one in call.decisions if one.principal == arn]
    return {(one.action, one.resource.partition("/")[2]) for one in asked if not one.action.startswith("sts:")}


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
