"""What the map says of policies, from the ledger alone, is what stands in them."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from bank import FRAUD, LOANS, MOBILE, OLD, QUOTES, RATES, SHOP, TRADING, Bank
from centre import CONSUMER, FUNCTION, OWNER, SECOND, permission, target
from reading import ReadCentre, read

from provider.cli.policies import StatementLine, policies, statements
from provider.cli.reading import whole_ledger
from provider.core.documents import text_of
from provider.core.identifiers import Arn

__all__ = ["read"]
TABLE = "cross-account-permission-grants"


def test_what_stands_is_on_the_map_word_for_word_and_nothing_else_is(bank: Bank) -> None:
    """Merged or alone, of each grant type; also what is withdrawn and has not gone yet."""
    said: dict[str, list[Any]] = defaultdict(list)
    for line in bank.seen().statements:
        if line.stands:
            said[line.resource].append(line.document)
    centre = bank.centre
    stand = {
        arn: [one for one in centre.policies.document(arn)["Statement"] if centre.id.owns(one)]
        for arn in centre.policies.policies
        if centre.policies.document(arn)
    }
    assert len(said) == 7
    assert {arn: sorted(found, key=text_of) for arn, found in said.items()} == {
        arn: sorted(found, key=text_of) for arn, found in stand.items() if found
    }


def test_each_grants_own_names_are_told_in_a_statement_of_several(bank: Bank) -> None:
    """All that a statement names is somebody's."""
    for line in bank.seen().statements:
        assert all(line.names.values())
        text = text_of(line.document)
        assert all(name in text for names in line.names.values() for name in names)
    [login] = [line for line in bank.seen().statements if len(line.names) == 8]
    assert len(set(login.names.values())) == 8


@pytest.mark.parametrize(("account", "state"), [(OLD, "Suspended"), (MOBILE, "Obstructed"), (LOANS, "Wanted")])
def test_what_does_not_stand_is_told_as_what_would(bank: Bank, account: str, state: str) -> None:
    seen = bank.seen()
    [grant] = [one for one in seen.grants if (one.account, one.state) == (account, state)]
    [line] = [line for line in seen.statements if grant.id in line.names]
    assert not line.stands
    assert list(line.names) == [grant.id]
    assert account in text_of(line.document)


@pytest.mark.parametrize("state", ["Withdrawn", "Orphaned"])
def test_what_is_given_up_stands_until_it_is_removed(bank: Bank, state: str) -> None:
    seen = bank.seen()
    [grant] = [one for one in seen.grants if (one.account, one.state) == (FRAUD, state)]
    assert [line.stands for line in seen.statements if grant.id in line.names] == [True]


def test_each_policy_is_as_full_as_the_map_says(bank: Bank) -> None:
    """In characters as AWS counts them, the owner's own statements included."""
    found = {line.resource: line for line in bank.seen().policies}
    documents = {arn: bank.centre.policies.document(arn) for arn in bank.centre.policies.policies}
    sizes = {arn: len(text_of(one)) for arn, one in documents.items()}
    on_its_way = sizes.pop(Arn(QUOTES))
    assert {arn: found[arn].size for arn in sizes} == sizes
    assert (found[QUOTES].size or 0) > on_its_way, "what is wanted is counted before it stands"
    assert RATES in found, "a resource that is gone is told of as well"
    assert {(line.limit, line.raisable) for line in found.values()} == {(20480, False), (8192, True), (2048, True)}


def test_an_owner_sees_what_stands_on_his_targets_and_no_more(bank: Bank) -> None:
    """How full a policy is, the ledger shows to operators alone."""
    mine = [line for line in bank.seen().statements if TRADING in line.resource]
    own = bank.seen(TRADING)
    assert list(own.statements) == mine
    assert {line.size for line in own.policies} == {None}
    assert all(TRADING in line.resource for line in own.policies)


def test_a_consumer_sees_his_own_part_of_each_statement(bank: Bank) -> None:
    """And nobody else's name or id."""
    seen = bank.seen(SHOP)
    assert [line.stands for line in seen.statements] == [True, True]
    assert {id_ for line in seen.statements for id_ in line.names} == {one.id for one in seen.grants}
    named = {name for line in seen.statements for names in line.names.values() for name in names}
    assert all(SHOP in name for name in named)
    assert all(other not in text_of(line.document) for line in seen.statements for other in (OLD, FRAUD, LOANS))


def lines(read: ReadCentre) -> list[StatementLine]:
    return list(statements(whole_ledger(read.tables, TABLE, read.centre.clock.now()), read.centre.id))


def test_a_grant_on_a_target_that_has_moved_stands_where_it_was_told_and_where_it_is_now(read: ReadCentre) -> None:
    read.ask(OWNER, target().event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    read.ask(OWNER, target(FunctionArn=SECOND).event("Create"))
    read.centre.round()
    assert [(line.resource, line.stands) for line in lines(read)] == [(SECOND, True), (FUNCTION, True)]


def test_a_consent_that_was_just_withdrawn_leaves_what_stands_until_the_pass(read: ReadCentre) -> None:
    """The map tells what stands, not what should."""
    read.ask(OWNER, target().event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    assert read.centre.policies.document(FUNCTION) is not None
    [name] = whole_ledger(read.tables, TABLE, 0.0).views
    [publication] = read.centre.ledger.publications(name)
    read.centre.ledger.commit([replace(publication, withdrawn=True)], [], read.centre.clock.now())
    assert [(line.resource, line.stands) for line in lines(read)] == [(FUNCTION, True)]


def test_a_policy_that_no_pass_has_seen_has_no_size(read: ReadCentre) -> None:
    """It is not known, which is not the same as empty."""
    read.ask(OWNER, target().event("Create"))
    sight = replace(whole_ledger(read.tables, TABLE, 0.0), sizes={})
    [line] = policies(sight)
    assert (line.resource, line.opens, line.size) == (FUNCTION, (FUNCTION,), None)
