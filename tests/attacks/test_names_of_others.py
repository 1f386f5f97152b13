"""Somebody takes, shadows or imitates the name of another owner's target."""

import unicodedata

import pytest
from centre import CONSUMER, OTHER, OWNER, Resource
from resources import ALIASES
from strict_centre import StrictCentre, prepared, wish

from provider.core.identifiers import AccountId

MINE = f"arn:aws:lambda:eu-west-1:{OTHER}:function:own:live"
LOOKALIKES = [
    "Function",
    "FUNCTION",
    "function ",
    " function",
    "function\n",
    "function\u200b",
    "func\u00adtion",
    "functi\u03bfn",
    "\uff46unction",
    "f\u0075\u0308nction",
    "fun%63tion",
    "function%20",
    "function/",
    "/function",
    "function#",
    "function\x00",
    "fun*",
    "functio?",
    "${function}",
]
ACCOUNTS = [
    f"{OWNER} ",
    f" {OWNER}",
    "\u0663" * 12,
    "\uff13" * 12,
    "0x4d9c5dd555",
    "33333333333",
    "3333333333333",
    f"{OTHER}/{OWNER}",
    "*",
    "arn:aws:iam::333333333333:root",
]


def offer(name: str, account: str = OTHER, environment: str | None = None) -> Resource:
    """A target of an account's own function under a name."""
    properties = {"Name": name, "FunctionArn": MINE.replace(OTHER, account), "AllowedGrantTypes": ["Authorizer"]}
    given = {"AllowOrganization": "true", "Environment": environment, **properties}
    return Resource(account, "Target", given, "Target")


@pytest.mark.parametrize("name", [*LOOKALIKES, f"{OWNER}/function", f"{OWNER}#default#function"], ids=ascii)
def test_no_name_looks_like_another_owners(centre: StrictCentre, name: str) -> None:
    assert centre.ask(OTHER, offer(name).event("Create")).status == "FAILED"


def test_another_owners_name_is_a_name_of_ones_own(centre: StrictCentre) -> None:
    """The account is part of it: who asks for the owner's gets the owner's, whoever has published since."""
    assert centre.ask(OTHER, offer("function").event("Create")).data["Name"] == f"{OTHER}/function"
    assert centre.ask(CONSUMER, wish("Authorizer").event("Create")).data["TargetArn"] == f"{ALIASES}:blue"


@pytest.mark.parametrize("name", LOOKALIKES, ids=ascii)
@pytest.mark.parametrize("prefix", ["", f"{OWNER}/"])
def test_a_name_that_looks_like_a_target_reaches_none(centre: StrictCentre, name: str, prefix: str) -> None:
    """A consumer is never led elsewhere than its text says; `fun%63tion` is no way to write `function`."""
    centre.ledger.names["default", "function"] = AccountId(OWNER)
    for kind in ("Permission", "TargetLookup"):
        properties = wish("Authorizer", Target=f"{prefix}{name}").properties
        asked = properties if kind == "Permission" else {"Target": properties["Target"]}
        assert centre.ask(CONSUMER, Resource(CONSUMER, kind, asked).event("Create")).status == "FAILED"
    assert centre.policies.writes == []


@pytest.mark.parametrize("account", ACCOUNTS, ids=ascii)
def test_an_account_that_looks_like_the_owner_is_nobody(centre: StrictCentre, account: str) -> None:
    answer = centre.ask(CONSUMER, wish("Authorizer", Target=f"{account}/function").event("Create"))
    assert answer.status == "FAILED"


def test_a_reserved_short_name_means_its_owners_target_whoever_publishes_it_too(centre: StrictCentre) -> None:
    centre.ledger.names["default", "function"] = AccountId(OWNER)
    assert centre.ask(OTHER, offer("function").event("Create")).status == "SUCCESS"
    answer = centre.ask(CONSUMER, wish("Authorizer", Target="function").event("Create"))
    assert answer.data["TargetArn"] == f"{ALIASES}:blue"


def test_a_short_name_that_nobody_has_reserved_means_nothing_whoever_publishes_it(centre: StrictCentre) -> None:
    assert centre.ask(OTHER, offer("payments").event("Create")).status == "SUCCESS"
    answer = centre.ask(CONSUMER, wish("Authorizer", Target="payments").event("Create"))
    assert answer.status == "FAILED"
    assert "is no reserved name" in answer.reason


@pytest.mark.parametrize(
    "environment", ["Default", "default ", "default/", "", "def\u0430ult", "../default", "default#x"]
)
def test_an_environment_that_looks_like_another_is_refused(centre: StrictCentre, environment: str) -> None:
    assert centre.ask(OTHER, offer("function", environment=environment).event("Create")).status == "FAILED"
    asked = wish("Authorizer", Environment=environment)
    assert centre.ask(CONSUMER, asked.event("Create")).status == "FAILED"


def test_no_letter_of_unicode_stands_for_one_of_ascii() -> None:
    """Every character that a normalisation would turn into `function` is another one here."""
    centre = prepared()
    alike = [chr(code) for code in range(128, 0x11000) if unicodedata.normalize("NFKC", chr(code)).lower() == "f"]
    assert len(alike) > 2
    for letter in alike:
        asked = wish("Authorizer", Target=f"{OWNER}/{letter}unction")
        assert centre.ask(CONSUMER, asked.event("Create")).status == "FAILED"
