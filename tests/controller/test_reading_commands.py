"""`crossaccount targets` and `crossaccount grants`: what stands, as an operator, an owner and a consumer see it."""

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, permission, target
from reading import CENTRAL, ReadCentre, read
from resources import published

from provider.cli.ledger import TABLE
from provider.cli.main import run
from provider.cli.reading import whole_ledger
from provider.controller.account_index import SHOWN
from provider.controller.names import Reservation, reserve
from provider.core.errors import AccountNotAllowed
from provider.core.identifiers import AccountId

__all__ = ["read"]
ROLE = "arn:aws:iam::{}:role/cross-account-permission/cross-account-permission-{}"


@pytest.fixture
def granted(read: ReadCentre) -> ReadCentre:
    """A function that the owner publishes for two accounts, each of which holds a grant; and a role of its own."""
    read.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    read.ask(OWNER, published("role").event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    read.ask(OTHER, permission(OTHER, ApiId="other00000").event("Create"))
    return read


def test_an_operator_sees_all_targets(granted: ReadCentre) -> None:
    """With what is offered to whom, and how many hold something."""
    found = {line["target"]: line for line in granted.lines("targets")}
    assert set(found) == {f"{OWNER}/token-service", f"{OWNER}/role"}
    service = found[f"{OWNER}/token-service"]
    assert (service["state"], service["kind"], service["arns"]) == ("Published", "function", [FUNCTION])
    assert (service["allowed"], service["types"]) == ([CONSUMER, OTHER], ["Authorizer"])
    assert (service["grants"], service["consumers"], service["resource"]) == (2, 2, "TokenServiceTarget")


def test_an_operator_sees_all_grants(granted: ReadCentre) -> None:
    """Who, what, where, since when, by which stack."""
    found = granted.lines("grants")
    assert [(line["account"], line["state"], line["why"]) for line in found] == [
        (CONSUMER, "InForce", ""),
        (OTHER, "InForce", ""),
    ]
    mine = found[0]
    assert (mine["type"], mine["target"], mine["arn"]) == ("Authorizer", f"{OWNER}/token-service", FUNCTION)
    assert mine["stack"].endswith("stack/orders/0d1c")
    assert mine["since"].startswith("2026-11-")
    assert mine["id"].startswith("grant-")


def test_an_owner_sees_who_may_call_what_is_his(granted: ReadCentre) -> None:
    """All that lies under his names, as his own account alone."""
    options = granted.account(OWNER)
    assert len(granted.lines("targets", *options)) == 2
    assert {line["account"] for line in granted.lines("grants", *options)} == {CONSUMER, OTHER}
    role = [
        (ROLE.format(OWNER, "viewer"), None),
        (ROLE.format(CENTRAL, "reader"), [{"Key": "account", "Value": OWNER}]),
    ]
    assert granted.assumed == [*role, *role]


def test_a_consumer_sees_what_its_stacks_hold_and_no_more(granted: ReadCentre) -> None:
    """Neither the publication nor the others' grants."""
    options = granted.account(CONSUMER)
    assert granted.lines("targets", *options) == []
    [mine] = granted.lines("grants", *options)
    assert (mine["account"], mine["state"], mine["target"]) == (CONSUMER, "InForce", f"{OWNER}/token-service")


def test_who_asks_for_what_is_his_own_sees_it_once(granted: ReadCentre) -> None:
    """Though it is both what he owns and what he holds."""
    granted.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER, OWNER]).event("Create"))
    granted.ask(OWNER, permission(OWNER, ApiId="owner00000").event("Create"))
    found = granted.lines("grants", "--account", OWNER, *granted.account(OWNER))
    assert len(found) == 1


def test_who_is_a_viewer_already_goes_on_as_that(granted: ReadCentre) -> None:
    """A profile may assume the role by itself."""
    options = granted.account(CONSUMER)
    granted.caller = f"arn:aws:sts::{CONSUMER}:assumed-role/cross-account-permission-viewer/somebody"
    granted.lines("grants", *options)
    assert [role for role, _ in granted.assumed] == [ROLE.format(CENTRAL, "reader")]


def test_the_index_shows_what_a_line_tells(granted: ReadCentre) -> None:
    """A consumer's line is the operator's, as far as no consent of the owner is in it."""
    [seen] = granted.lines("grants", "--account", CONSUMER)
    [own] = granted.lines("grants", *granted.account(CONSUMER))
    assert seen == own


def test_a_name_that_is_published_no_more_is_still_its_owners(granted: ReadCentre) -> None:
    """What was granted under it is found by the memory of the publication."""
    deletable = target(AllowedAccounts=[CONSUMER, OTHER], AllowDeletionWithConsumers="true")
    before = granted.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    after = granted.ask(OWNER, deletable.event("Update", before))
    for known in (before, after):  # CloudFormation cleans up, and later the stack goes
        granted.ask(OWNER, deletable.event("Delete", known))
    options = granted.account(OWNER)
    states = {line["target"]: line["state"] for line in granted.lines("targets", *options)}
    assert states[f"{OWNER}/token-service"] == "Unpublished"
    why = {line["why"] for line in granted.lines("grants", *options)}
    assert why == {"nothing is published under the name"}


def test_a_withdrawn_consent_is_told(granted: ReadCentre) -> None:
    """To the operator and the owner by its reason, to the consumer by its state."""
    read = granted
    read.ask(OWNER, target(AllowedAccounts=[OTHER]).event("Create"))
    read.centre.round()
    [line] = read.lines("grants", "--account", CONSUMER)
    assert line["state"] == "Suspended"
    assert line["why"] == AccountNotAllowed(CONSUMER, f"{OWNER}/token-service").fact
    [mine] = read.lines("grants", *read.account(CONSUMER))
    assert mine["why"] == "its owner does not offer it to this account at present"


@pytest.mark.parametrize(
    ("filters", "accounts"),
    [
        (["--account", OTHER], [OTHER]),
        (["--target", "token-service"], [CONSUMER, OTHER]),
        (["--target", f"{OWNER}/token-service", "--state", "InForce"], [CONSUMER, OTHER]),
        (["--target", "token"], []),
        (["--owner", CONSUMER], []),
        (["--type", "AssumeRole"], []),
        (["--state", "Suspended"], []),
        (["--environment", "dev"], []),
    ],
)
def test_grants_are_filtered(granted: ReadCentre, filters: list[str], accounts: list[str]) -> None:
    assert [line["account"] for line in granted.lines("grants", *filters)] == accounts


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--type", "AssumeRole"], ["role"]),
        (["--target", "token-service"], ["token-service"]),
        (["--owner", OTHER], []),
        (["--environment", "dev"], []),
    ],
)
def test_targets_are_filtered(granted: ReadCentre, filters: list[str], names: list[str]) -> None:
    found = granted.lines("targets", *filters)
    assert [line["target"].partition("/")[2] for line in found] == names


def test_a_table_that_no_person_reads_is_plain(granted: ReadCentre) -> None:
    """One line for each, nothing cut, no colour."""
    assert run(["grants"]) == 0
    out = granted.capsys.readouterr().out
    assert "\x1b" not in out
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["ACCOUNT", CONSUMER, OTHER]
    assert f"arn:aws:cloudformation:us-east-1:{CONSUMER}:stack/orders/0d1c" in lines[1]


def test_nothing_is_said_aside(read: ReadCentre) -> None:
    """So that a script reads nothing."""
    for command, words in (("grants", "No grant is found.\n"), ("targets", "No target is found.\n")):
        assert run([command]) == 0
        assert read.capsys.readouterr() == ("", words)


def test_quarantine_is_told(granted: ReadCentre) -> None:
    assert run(["quarantine", CONSUMER, "--reason", "test"]) == 0
    granted.capsys.readouterr()
    [line] = granted.lines("grants", "--account", CONSUMER)
    assert line["why"] == f"account {CONSUMER} is in quarantine"


def test_reservations_are_seen_by_operators(granted: ReadCentre) -> None:
    """As the names that short ones mean."""
    reserve(granted.tables, TABLE, Reservation("default", "token-service", AccountId(OWNER)))
    assert whole_ledger(granted.tables, TABLE, 0.0).reservations == {("default", "token-service"): OWNER}


def test_the_index_changes_with_what_it_shows_alone() -> None:
    """No counter, no lease, nothing that each pass writes."""
    assert {"pending", "awaiting", "placed", "version", "requestId", "held", "lastIssuedAt"} & set(SHOWN) == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grants", "--central-account", "12"], "Give --central-account 12 digits"),
        (["grants", "--type", "Nothing"], "Nothing"),
        (["targets", "--output", "xml"], "xml"),
    ],
)
def test_what_cannot_be_meant_is_said(read: ReadCentre, arguments: list[str], words: str) -> None:
    assert run(arguments) == 2
    assert words in read.capsys.readouterr().err
