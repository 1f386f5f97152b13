"""What happens in between: between reading and committing, between a look and a write, after a lease has ended.

Each test puts one thing into one gap, where the plays of `test_concurrent_writers` come by chance.
"""

from collections.abc import Callable
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OWNER, SECOND, Centre, permission, source, target
from interleaving import Died

from provider.controller.leases import LAST_WRITE, LEASE, PASS
from provider.controller.sessions import new_client, new_session
from provider.core.errors import PolicyRefused, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord

ARN = Arn(FUNCTION)


def once_after(port: Any, method: str, happens: Callable[[], None]) -> None:
    """Something happens just after the next call of a port's method, before the caller goes on."""
    whole = getattr(port, method)

    def call(*arguments: Any) -> Any:
        found = whole(*arguments)
        setattr(port, method, whole)
        happens()
        return found

    setattr(port, method, call)


def publication(centre: Centre) -> str:
    return next(row.id for row in centre.ledger.rows.values() if row.id.startswith("publication-"))


def another(api: str, logical_id: str = "Another") -> dict[str, Any]:
    return {**permission(ApiId=api).event("Create"), "LogicalResourceId": logical_id}


def test_a_pass_that_has_outlived_its_lease_writes_nothing(published: Centre) -> None:
    """Its view is old by then: what it would write may have been deleted, and nobody would look again for an hour."""
    cancelled: list[str] = []

    def the_stack_gives_up() -> None:
        published.clock.time += LEASE + 5
        cancelled.append(published.ask(CONSUMER, permission().event("Delete", "orders-Permission-1A2B3C")).status)

    key = published.file(CONSUMER, permission().event("Create"))
    once_after(published.policies, "read", the_stack_gives_up)
    published.handle(key)
    assert cancelled == ["SUCCESS"]
    assert published.sources() == []
    assert published.policies.writes == []


def test_so_does_one_whose_records_are_marked_already(published: Centre) -> None:
    """An earlier pass has marked what it could not write: then no version tells that somebody else was there."""
    key = published.file(CONSUMER, permission().event("Create"))

    def the_stack_gives_up() -> None:
        published.clock.time += LEASE + 5
        published.ask(CONSUMER, permission().event("Delete", "orders-Permission-1A2B3C"))

    def the_first_pass_fails() -> None:
        published.clock.time += LAST_WRITE + 1
        once_after(published.policies, "read", the_stack_gives_up)
        raise WriteUnsettled(ARN, "TooManyRequestsException")

    published.policies.before_write = the_first_pass_fails
    published.handle(key)
    assert published.policies.before_write is None
    assert published.sources() == []
    assert published.policies.writes == []


def test_a_write_that_begins_in_time_ends_within_the_lease() -> None:
    """However often and long the AWS library waits for an answer."""
    client = new_client(new_session(), "lambda", "eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
    config = client.meta.config
    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) <= LEASE - LAST_WRITE


def test_a_controller_that_runs_out_of_time_leaves_no_lease_behind(published: Centre) -> None:
    """Whatever was wanted meanwhile is for the next one to do, at once."""
    late = published.file(CONSUMER, another("apibbbbb"))

    def time_runs_out() -> None:
        published.new_controller().take([published.desk.requests[late]], published.clock.now() + PASS)
        published.clock.time += PASS + 1

    once_after(published.policies, "read", time_runs_out)
    published.handle(published.file(CONSUMER, permission().event("Create")))
    left_at = published.clock.now()
    published.round()
    assert late in published.desk.answers
    assert published.clock.now() - left_at < 5


def test_a_moved_revision_is_met_at_once_where_a_target_moves_too(published: Centre) -> None:
    """An owner who moves a target is just deploying: that the revision moves as well is the rule."""
    published.ask(CONSUMER, permission().event("Create"))
    published.policies.before_write = lambda: published.policies.put(Arn(SECOND), None)
    moved = published.file(OWNER, target(FunctionArn=SECOND).event("Update", publication(published)))
    published.handle(moved)
    assert moved in published.desk.answers
    assert published.sources(SECOND) == [source()]


@pytest.mark.parametrize("retired", [[], [FUNCTION]])
def test_a_target_that_moves_while_a_stack_asks_is_open_on_what_the_stack_is_told(
    published: Centre, retired: list[str]
) -> None:
    moved = target(FunctionArn=SECOND, RetiredArns=retired).event("Update", publication(published))
    once_after(published.ledger, "publications", lambda: published.ask(OWNER, moved))
    answer = published.ask(CONSUMER, permission().event("Create"))
    for _ in range(3):
        published.clock.time += LEASE + 25
        published.round()
    assert answer.status == "SUCCESS"
    assert published.sources(answer.data["TargetArn"]) == [source()]
    assert published.sources(SECOND) == [source()]


@pytest.mark.parametrize("function", [FUNCTION, SECOND])
def test_consent_that_is_withdrawn_while_a_stack_asks_lets_nobody_in(published: Centre, function: str) -> None:
    narrowed = target(FunctionArn=function, AllowedAccounts=[]).event("Update", publication(published))
    once_after(published.ledger, "publications", lambda: published.ask(OWNER, narrowed))
    assert published.ask(CONSUMER, permission().event("Create")).status == "FAILED"
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([], [])


def test_consent_that_is_withdrawn_by_moving_lets_nobody_in_whom_it_has_not_seen(published: Centre) -> None:
    """The owner's change was decided from what was granted before: a grant that came in between is found all the same."""

    def the_stack_asks() -> None:
        assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"

    old = publication(published)
    once_after(published.ledger, "view", lambda: None)
    narrowed = published.file(OWNER, target(FunctionArn=SECOND, AllowedAccounts=[]).event("Update", old))
    _after_the_last_read(published, the_stack_asks)
    published.handle(narrowed)
    for _ in range(3):
        published.clock.time += LEASE + 25
        published.round()
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([], [])


def _after_the_last_read(centre: Centre, happens: Callable[[], None]) -> None:
    """Something happens just before the next commit."""
    whole = centre.ledger.commit

    def commit(*arguments: Any) -> None:
        centre.ledger.commit = whole  # type: ignore[method-assign]
        happens()
        whole(*arguments)

    centre.ledger.commit = commit  # type: ignore[method-assign]


def test_what_an_unsettled_write_has_left_is_not_forgotten_when_a_later_one_is_refused(published: Centre) -> None:
    """Four statements that no record explains would stop every later pass over the function."""
    keys = [published.file(CONSUMER, another(f"apiaaaaa{number}", f"P{number}")) for number in range(4)]
    unsettled = [WriteUnsettled(ARN, "TooManyRequestsException")] * 8
    published.policies.on_write = lambda: published.policies.faults.extend(unsettled)
    published.handle(*keys)
    assert len(published.sources()) == 4
    published.policies.on_write, published.policies.faults = None, []
    published.policies.before_write = lambda: published.policies.faults.append(PolicyRefused(ARN, "no"))
    published.ask(CONSUMER, another("apibbbbb"))
    published.clock.time += 3601
    published.round()
    recorded = [
        row.grant.specification.source_arns(row.grant.origin)[0]
        for row in published.ledger.rows.values()
        if isinstance(row, GrantRecord)
    ]
    assert published.sources() == sorted(recorded)


def api_of(name: str) -> str:
    return f"apiaaaaa{name.lower()}"


def _die(*_: object) -> None:
    raise Died


def test_no_statement_stands_unrecorded_when_a_controller_dies_right_after_writing(published: Centre) -> None:
    """A target moves, its four consumers are opened on the new function, and all is deleted before anybody looks."""
    ids = {name: published.ask(CONSUMER, another(api_of(name), name)).physical_id for name in ("P1", "P2", "P3", "P4")}
    moved = published.file(OWNER, target(FunctionArn=SECOND).event("Update", publication(published)))
    ledger = published.ledger

    def dies() -> None:
        if published.policies.writes[-1][0] == SECOND:
            raise Died

    published.policies.on_write = dies
    ledger.give_back = _die  # type: ignore[method-assign]
    with pytest.raises(Died):
        published.handle(moved)
    published.policies.on_write = None
    del ledger.give_back  # type: ignore[method-assign]
    for name, known in ids.items():
        event = {**permission(ApiId=api_of(name)).event("Delete", known), "LogicalResourceId": name}
        published.handle(published.file(CONSUMER, event))
    for _ in range(3):
        published.clock.time += LEASE + 25
        published.round()
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([], [])
    assert not published.desk.requests
