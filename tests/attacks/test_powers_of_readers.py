"""Somebody holds a session of a role that reads the ledger: one account sees nothing of another, and nobody changes anything."""

from collections.abc import Iterator
from typing import Any

import pytest
from bad_hands import Doors, open_doors
from identities import Someone, a_name, allow, become, make_role
from rolled_out import TEMPLATES, Organization

CENTRAL, CONSUMER, OWNER, INTRUDER = "222222222222", "111111111111", "333333333333", "444444444444"
PATH = "role/cross-account-permission/cross-account-permission"
READER = f"arn:aws:iam::{CENTRAL}:{PATH}-reader"
AUDITOR = f"arn:aws:iam::{CENTRAL}:{PATH}-auditor"
GRANTS, REQUESTS, ANSWERS = (f"cross-account-permission-{name}" for name in ("grants", "requests", "answers"))
REFUSED = ("AccessDenied", "AccessDeniedException")


def viewer(account: str) -> str:
    return f"arn:aws:iam::{account}:{PATH}-viewer"


def tagged(account: str) -> dict[str, Any]:
    return {"Tags": [{"Key": "account", "Value": account}]}


def reader(org: Organization, account: str) -> Someone:
    """A session of the reader role, as an account's viewers take it."""
    return become(org.cloud, viewer(account)).assume(READER, **tagged(account))


@pytest.fixture(scope="module")
def granted(org: Organization) -> Iterator[str]:
    """A grant of the consumer's on a target of the owner's; the target's full name."""
    publishing, target = org.publish(org.function())
    name = a_name("read")
    org.deploy("consumer", name, TEMPLATES / "permission.yaml", Target=target)
    yield target
    org.delete("consumer", name)
    org.delete("owner", publishing)


def under(key: str, name: str = "pk", index: str = "") -> dict[str, Any]:
    """A query of one partition of the ledger, or of an index."""
    values = {":key": {"S": key}}
    asked: dict[str, Any] = {"TableName": GRANTS, "KeyConditionExpression": f"{name} = :key"}
    return {**asked, "ExpressionAttributeValues": values, **({"IndexName": index} if index else {})}


def test_an_owner_and_a_consumer_see_the_grant_between_them(org: Organization, granted: str) -> None:
    """Each what is its own: the owner all under its name, the consumer its own grant."""
    pk = f"TARGET#{OWNER}#default#{granted.partition('/')[2]}"
    seen = reader(org, OWNER).client("dynamodb").query(**under(pk))["Items"]
    assert {item["sk"]["S"].partition("#")[0] for item in seen} == {"GRANT", "PUBLICATION"}
    held = reader(org, CONSUMER).client("dynamodb").query(**under(CONSUMER, "account", "account"))["Items"]
    mine = [item for item in held if item["pk"]["S"] == pk]
    assert [item["state"]["S"] for item in mine] == ["InForce"]
    assert {"awaiting", "pending", "version"} & set(mine[0]) == set()


@pytest.mark.parametrize("account", [CONSUMER, OWNER, INTRUDER])
def test_a_reader_sees_nothing_of_another_account_and_changes_nothing(
    org: Organization, granted: str, account: str
) -> None:
    """Neither by key, index, scan, batch nor PartiQL; no table but the ledger."""
    session = reader(org, account)
    tables, name = session.client("dynamodb"), granted.partition("/")[2]
    others = [one for one in (CONSUMER, OWNER, INTRUDER, CENTRAL) if one != account]
    own = {"pk": {"S": f"TARGET#{account}#default#{name}"}, "sk": {"S": "x"}}
    doors: Doors = {
        **{f"names of {one}": _query(tables, f"TARGET#{one}#default#{name}") for one in others},
        **{f"what {one} holds": _query(tables, one, "account", "account") for one in others},
        **{key: _query(tables, key) for key in ("QUARANTINE", "ACCOUNTS", "NAMES", "TARGET#", f"TARGET#{account}")},
        "how many grants": _query(tables, f"ACCOUNT#{account}"),
        "what was removed": _query(tables, f"HISTORY#{account}#default#{name}"),
        "all": lambda: tables.scan(TableName=GRANTS),
        "all of the index": lambda: tables.scan(TableName=GRANTS, IndexName="account"),
        "what is due": _query(tables, account, "dueShard", "due"),
        "one item": lambda: tables.get_item(TableName=GRANTS, Key=own),
        "a batch": lambda: tables.batch_get_item(RequestItems={GRANTS: {"Keys": [own]}}),
        "PartiQL": lambda: tables.execute_statement(Statement=f'SELECT * FROM "{GRANTS}"'),  # noqa: S608 - refused
        "put": lambda: tables.put_item(TableName=GRANTS, Item=own),
        "delete": lambda: tables.delete_item(TableName=GRANTS, Key=own),
        "requests": lambda: tables.query(**{**under(account, "account"), "TableName": REQUESTS}),
        "answers": lambda: tables.query(**{**under(account, "account"), "TableName": ANSWERS}),
        "functions": lambda: session.client("lambda").list_functions(),
        "roles": lambda: session.client("iam").list_roles(),
    }
    assert open_doors(doors, *REFUSED) == []


def _query(tables: Any, key: str, name: str = "pk", index: str = "") -> Any:
    return lambda: tables.query(**under(key, name, index))


def test_nobody_reads_as_another_account(org: Organization) -> None:
    """Whatever tag is shown, and whoever shows it but the account's viewer role."""
    mine = become(org.cloud, viewer(CONSUMER))
    everything = allow("*")
    other = become(org.cloud, make_role(org.cloud, "consumer", everything))
    stranger = make_role(
        org.cloud, "stranger", everything, name="cross-account-permission-viewer", path="/cross-account-permission/"
    )
    outside = become(org.cloud, stranger)
    doors: Doors = {
        "another's tag": lambda: mine.assume(READER, **tagged(OWNER)),
        "no tag": lambda: mine.assume(READER),
        "a wildcard": lambda: mine.assume(READER, **tagged("*")),
        "one more": lambda: mine.assume(READER, Tags=[*tagged(CONSUMER)["Tags"], {"Key": "x", "Value": "x"}]),
        "another case": lambda: mine.assume(READER, Tags=[{"Key": "Account", "Value": CONSUMER}]),
        "handed on": lambda: mine.assume(READER, **tagged(CONSUMER), TransitiveTagKeys=["account"]),
        "another role": lambda: other.assume(READER, **tagged(CONSUMER)),
        "outside": lambda: outside.assume(READER, **tagged("555555555555")),
        "another account's viewer": lambda: other.assume(viewer(OWNER)),
        "the auditor": lambda: other.assume(AUDITOR),
        "the auditor by the viewer": lambda: mine.assume(AUDITOR),
    }
    assert open_doors(doors, *REFUSED) == []


def test_an_auditor_reads_the_ledger_and_nothing_else(org: Organization, granted: str) -> None:
    """All of it, and changes none of it."""
    session = become(org.cloud, AUDITOR)
    tables, name = session.client("dynamodb"), granted.partition("/")[2]
    key = {"pk": {"S": f"TARGET#{OWNER}#default#{name}"}, "sk": {"S": "x"}}
    assert tables.query(**under(key["pk"]["S"]))["Items"]
    assert tables.scan(TableName=GRANTS)["Items"]
    doors: Doors = {
        "put": lambda: tables.put_item(TableName=GRANTS, Item=key),
        "update": lambda: tables.update_item(TableName=GRANTS, Key=key),
        "delete": lambda: tables.delete_item(TableName=GRANTS, Key=key),
        "batch": lambda: tables.batch_write_item(RequestItems={GRANTS: [{"PutRequest": {"Item": key}}]}),
        "requests": lambda: tables.scan(TableName=REQUESTS),
        "answers": lambda: tables.scan(TableName=ANSWERS),
        "grantor": lambda: session.assume(f"arn:aws:iam::{OWNER}:{PATH}-grantor"),
        "functions": lambda: session.client("lambda").list_functions(),
    }
    assert open_doors(doors, *REFUSED) == []
