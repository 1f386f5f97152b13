"""`crossaccount map` as text, against a filled ledger: all that is in it, nothing else, and no name that breaks out of its place."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from centre import CONSUMER, OTHER, OWNER, permission, target
from reading import ReadCentre, read
from resources import asked, published

from provider.cli.ledger import TABLE
from provider.cli.main import run

__all__ = ["read"]
HOSTILE = 'x"];\r\n  y["<b>\\|end\u2028-->'
MERMAID = re.compile(r'  (?:(?P<node>\w+)\["(?P<name>[^"]*)"\]|(?P<start>\w+) -->\|"(?P<says>[^"]*)"\| (?P<end>\w+))')
DOT = re.compile(
    r'  (?:(?P<node>\w+) \[label="(?P<name>(?:[^"\\]|\\.)*)"\];|'
    r'(?P<start>\w+) -> (?P<end>\w+) \[label="(?P<says>(?:[^"\\]|\\.)*)"\];)'
)
FORMS: Mapping[str, tuple[re.Pattern[str], int, int]] = {"mermaid": (MERMAID, 1, 0), "dot": (DOT, 2, 1)}
"""How a line is read, and how many lines are before and after those of nodes and edges."""
NAMES = [f"{OWNER}/function", f"{OWNER}/role", f"{OWNER}/token-service"]


@pytest.fixture
def filled(read: ReadCentre) -> ReadCentre:
    """Three targets; two accounts hold four grants of three types, two of which are the same account's on one target."""
    read.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    read.ask(OWNER, published("role").event("Create"))
    read.ask(OWNER, published("function").event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    read.ask(CONSUMER, asked("token-service", "Authorizer", "Second", ApiId="second0000").event("Create"))
    read.ask(OTHER, permission(OTHER, ApiId="other00000").event("Create"))
    read.ask(CONSUMER, asked("role", "AssumeRole", "Assumes").event("Create"))
    return read


def printed(read: ReadCentre, form: str, *options: str) -> str:
    assert run(["map", "--format", form, *options]) == 0
    return str(read.capsys.readouterr().out)


def drawn(text: str, form: str) -> tuple[dict[str, str], set[tuple[str, str, str]]]:
    """The labels of nodes, and edges between labels; each line is one of the two."""
    pattern, before, after = FORMS[form]
    lines = text.removesuffix("\n").split("\n")
    found = [pattern.fullmatch(line) for line in lines[before : len(lines) - after]]
    assert None not in found, text
    nodes = {one["node"]: one["name"] for one in found if one and one["node"]}
    edges = {(nodes[one["start"]], one["says"], nodes[one["end"]]) for one in found if one and one["start"]}
    return nodes, edges


def test_json_has_every_account_target_and_grant(filled: ReadCentre) -> None:
    """Each grant with its type, where it stands, and which stack asked."""
    said: Any = json.loads(printed(filled, "json"))
    assert said["accounts"] == [CONSUMER, OWNER, OTHER]
    assert [one["target"] for one in said["targets"]] == NAMES
    assert [(one["account"], one["target"], one["type"]) for one in said["grants"]] == [
        (CONSUMER, f"{OWNER}/role", "AssumeRole"),
        (CONSUMER, f"{OWNER}/token-service", "Authorizer"),
        (CONSUMER, f"{OWNER}/token-service", "Authorizer"),
        (OTHER, f"{OWNER}/token-service", "Authorizer"),
    ]
    assert {one["state"] for one in said["grants"]} == {"InForce"}
    assert {one["resource"] for one in said["grants"]} == {"Assumes", "Permission", "Second"}
    assert all(one["stack"].startswith("arn:aws:cloudformation:") for one in said["grants"])


@pytest.mark.parametrize("form", FORMS)
def test_a_drawing_has_the_accounts_the_targets_and_who_holds_what(filled: ReadCentre, form: str) -> None:
    """One edge for each consumer, target and type, however many grants there are."""
    nodes, edges = drawn(printed(filled, form), form)
    role, service, function = (f"{OWNER}/{name} (default)" for name in ("role", "token-service", "function"))
    assert sorted(nodes.values()) == sorted([CONSUMER, OWNER, OTHER, role, service, function])
    assert edges == {
        *((OWNER, "owns", one) for one in (role, service, function)),
        (role, "AssumeRole", CONSUMER),
        (service, "Authorizer", CONSUMER),
        (service, "Authorizer", OTHER),
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_consumer_draws_what_it_holds(filled: ReadCentre, form: str) -> None:
    """And not what others do."""
    nodes, edges = drawn(printed(filled, form, *filled.account(OTHER)), form)
    service = f"{OWNER}/token-service (default)"
    assert set(nodes.values()) == {OWNER, OTHER, service}
    assert edges == {(OWNER, "owns", service), (service, "Authorizer", OTHER)}


@pytest.mark.parametrize("form", FORMS)
def test_a_name_that_came_into_the_ledger_somehow_stays_in_its_place(filled: ReadCentre, form: str) -> None:
    """It adds its own nodes and edges alone, each on one line."""
    before, _ = drawn(printed(filled, form), form)
    pages = filled.tables.get_paginator("scan").paginate(TableName=TABLE)
    for item in [item for page in pages for item in page["Items"]]:
        if item["pk"]["S"].endswith("#token-service") and item["pk"]["S"].startswith("TARGET#"):
            moved = item["pk"]["S"].replace("token-service", HOSTILE)
            filled.tables.put_item(TableName=TABLE, Item={**item, "pk": {"S": moved}})
    nodes, _ = drawn(printed(filled, form), form)
    assert len(nodes) == len(before) + 1
    json_names = {one["target"] for one in json.loads(printed(filled, "json"))["targets"]}
    assert json_names == {*NAMES, f"{OWNER}/{HOSTILE}"}


@pytest.mark.parametrize("form", ["json", *FORMS])
def test_an_empty_ledger_is_a_map_too(read: ReadCentre, form: str) -> None:
    said = printed(read, form)
    if form == "json":
        assert [json.loads(said)[name] for name in ("accounts", "targets", "grants")] == [[], [], []]
    else:
        assert drawn(said, form) == ({}, set())
