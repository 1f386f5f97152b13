"""What stands in a pass's way: gone functions, closed accounts, full policies, other writers, crashes, leases."""

import json

import pytest
from centre import CONSUMER, FUNCTION, OWNER, SECOND, Centre, permission, source, target
from test_grant_lifecycle import FOREIGN

from provider.controller.leases import LEASE
from provider.core.errors import PolicyRefused, ShutOut, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.records import GrantRecord, GrantState

ARN = Arn(FUNCTION)


def only_grant(centre: Centre) -> GrantRecord:
    return next(row for row in centre.ledger.rows.values() if isinstance(row, GrantRecord))


def test_a_delete_succeeds_when_the_function_is_gone(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    del published.policies.policies[ARN]
    assert published.ask(CONSUMER, permission().event("Delete", first)).status == "SUCCESS"
    assert not [row for row in published.ledger.rows.values() if isinstance(row, GrantRecord)]


def test_a_function_that_is_recreated_gets_its_statement_back_by_the_schedule(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    published.policies.create(FUNCTION)
    published.clock.time += 3601
    published.round()
    assert published.sources() == [source()]


def test_a_create_on_a_function_whose_account_refuses_fails_and_says_what_its_owner_must_do(published: Centre) -> None:
    published.policies.shut[ARN] = ShutOut(ARN, "lambda:GetResourcePolicy")
    answer = published.ask(CONSUMER, permission().event("Create"))
    assert answer.status == "FAILED"
    assert "CrossAccountPermission=allowed" in answer.reason
    assert not [row for row in published.ledger.rows.values() if isinstance(row, GrantRecord)]


def test_owners_cannot_hold_a_consumers_stack_hostage(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    published.policies.shut[ARN] = ShutOut(ARN, "lambda:GetResourcePolicy")
    assert published.ask(CONSUMER, permission().event("Delete", first)).status == "SUCCESS"
    assert only_grant(published).state is GrantState.ORPHANED
    published.policies.shut.clear()
    published.clock.time += 3601
    published.round()
    assert published.sources() == []
    assert not [row for row in published.ledger.rows.values() if isinstance(row, GrantRecord)]


def test_a_target_whose_account_refuses_is_not_published(centre: Centre) -> None:
    centre.policies.shut[ARN] = ShutOut(ARN, "lambda:GetResourcePolicy")
    answer = centre.ask(OWNER, target().event("Create"))
    assert answer.status == "FAILED"
    centre.policies.shut.clear()
    assert centre.ask(OWNER, target().event("Create")).status == "SUCCESS"


def test_a_failed_move_of_a_target_leaves_its_consumers_where_they_were(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    old = next(row.id for row in published.ledger.rows.values() if row.id.startswith("publication-"))
    published.policies.shut[Arn(SECOND)] = ShutOut(Arn(SECOND), "lambda:GetResourcePolicy")
    moved = published.ask(OWNER, target(FunctionArn=SECOND).event("Update", old))
    assert (moved.status, moved.physical_id) == ("FAILED", old)
    assert published.ask(OWNER, target().event("Update", old)).status == "SUCCESS"
    assert published.sources() == [source()]
    assert published.ask(CONSUMER, permission(Revision="2").event("Create")).data["TargetArn"] == FUNCTION


def test_a_full_policy_says_how_full_and_refuses_only_what_does_not_fit(published: Centre) -> None:
    published.policies.limits["lambda"] = 500
    keys = [
        published.file(CONSUMER, {**permission(ApiId=f"api{n:07}").event("Create"), "LogicalResourceId": f"P{n}"})
        for n in range(9)
    ]
    published.handle(*keys)
    answers = [published.desk.answers[key] for key in keys]
    refused = [answer for answer in answers if answer.status == "FAILED"]
    granted = [answer for answer in answers if answer.status == "SUCCESS"]
    assert refused
    assert all("of 500 characters" in answer.reason for answer in refused)
    assert published.sources() == sorted(answer.data["SourceArns"][0] for answer in granted)


def test_many_grants_at_once_are_one_write(published: Centre) -> None:
    keys = [
        published.file(CONSUMER, {**permission(ApiId=f"api{n:07}").event("Create"), "LogicalResourceId": f"P{n}"})
        for n in range(50)
    ]
    published.handle(*keys)
    assert len(published.policies.writes) == 1
    assert len(published.sources()) == 50


def test_a_pass_that_finds_nothing_to_change_writes_nothing(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    writes = len(published.policies.writes)
    published.clock.time += 3601
    published.round()
    assert len(published.policies.writes) == writes


def test_what_passes_is_tried_again_within_the_event(published: Centre) -> None:
    published.policies.faults = [WriteUnsettled(ARN, "TooManyRequestsException")] * 3
    assert published.ask(CONSUMER, permission().event("Create")).status == "SUCCESS"


def test_what_does_not_pass_in_time_is_answered_with_its_reason_and_leaves_nothing(published: Centre) -> None:
    key = published.file(CONSUMER, permission().event("Create"))
    published.policies.faults = [WriteUnsettled(ARN, "TooManyRequestsException")] * 10_000
    published.handle(key)
    for _ in range(5):
        published.clock.time += 21
        published.round()
    answer = published.desk.answers[key]
    assert answer.status == "FAILED"
    assert "TooManyRequestsException" in answer.reason
    published.policies.faults = []
    published.clock.time += 21
    published.round()
    assert published.sources() == []
    assert not [row for row in published.ledger.rows.values() if isinstance(row, GrantRecord)]


def test_another_writers_statement_between_read_and_write_is_not_lost(published: Centre) -> None:
    foreign = {"Version": "2012-10-17", "Statement": [FOREIGN]}
    published.policies.before_write = lambda: published.policies.put(ARN, foreign)
    published.ask(CONSUMER, permission().event("Create"))
    assert published.policies.document(FUNCTION)["Statement"][0] == FOREIGN
    assert published.sources() == [source()]


def test_a_refused_document_fails_the_create_with_what_aws_says(published: Centre) -> None:
    published.policies.faults = []
    published.policies.before_write = lambda: published.policies.faults.append(
        PolicyRefused(ARN, "The provided principal was invalid")
    )
    answer = published.ask(CONSUMER, permission().event("Create"))
    assert answer.status == "FAILED"
    assert "The provided principal was invalid" in answer.reason


def test_a_dead_holder_of_the_lease_delays_by_no_more_than_the_lease(published: Centre) -> None:
    key = published.file(CONSUMER, permission().event("Create"))
    published.ledger.want(ARN, frozenset(), published.clock.now())
    assert published.ledger.acquire(ARN, "dead", published.clock.now())
    published.handle(key)
    assert key not in published.desk.answers
    published.clock.time += LEASE + 1
    published.round()
    assert published.desk.answers[key].status == "SUCCESS"


def test_a_pass_that_would_remove_what_no_record_explains_stops(published: Centre) -> None:
    keys = [
        published.file(CONSUMER, {**permission(ApiId=f"api{n:07}").event("Create"), "LogicalResourceId": f"P{n}"})
        for n in range(9)
    ]
    published.handle(*keys)
    for (under, row_id), row in list(published.ledger.rows.items()):
        if isinstance(row, GrantRecord):
            del published.ledger.rows[under, row_id]
    published.clock.time += 3601
    published.round()
    assert len(published.sources()) == 9


def test_a_missed_event_is_taken_by_the_schedule(published: Centre) -> None:
    key = published.file(CONSUMER, permission().event("Create"))
    published.clock.time += 30
    published.round()
    assert published.desk.answers[key].status == "SUCCESS"


@pytest.mark.parametrize("count", range(1, 40))
def test_a_crash_before_any_call_ends_where_the_stack_believes_to_be(published: Centre, count: int) -> None:
    """Every call of the ports is a place to die; what stays is finished by the schedule."""
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    key = published.file(CONSUMER, permission(AuthorizerIds=["abc123"]).event("Update", first))
    with dying(published, count):
        published.handle(key)
    for _ in range(3):
        published.clock.time += LEASE + 21
        published.round()
    answer = published.desk.answers[key]
    assert answer.status == "SUCCESS"
    assert published.sources() == [source(), source(authorizer="abc123")]
    published.ask(CONSUMER, permission().event("Delete", first))
    assert published.sources() == [source(authorizer="abc123")]
    assert not published.desk.requests
    assert json.dumps(published.policies.document(FUNCTION))


class Died(BaseException):
    """The process is gone: no clean-up code of the product sees this as an error of its own."""


class dying:  # noqa: N801 - reads as a statement
    """From the `count`-th call of any port on, every call dies."""

    PORTS = ("ledger", "desk", "policies")

    def __init__(self, centre: Centre, count: int) -> None:
        self.centre, self.left = centre, count

    def __enter__(self) -> None:
        self.whole = {name: getattr(self.centre, name) for name in self.PORTS}
        for name, port in self.whole.items():
            setattr(self.centre, name, Mortal(port, self))
        self.centre.controller = self.centre.new_controller()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        for name, port in self.whole.items():
            setattr(self.centre, name, port)
        self.centre.controller = self.centre.new_controller()
        return kind is Died


class Mortal:
    """A port whose calls are counted."""

    def __init__(self, port: object, death: dying) -> None:
        self._port, self._death = port, death

    def __getattr__(self, name: str) -> object:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: object, **named: object) -> object:
            self._death.left -= 1
            if self._death.left < 0:
                raise Died
            return found(*arguments, **named)

        return call


def test_a_resource_on_which_the_controller_fails_does_not_hold_up_the_others(published: Centre) -> None:
    """A fault that nobody has thought of: the other resource is reconciled, this one is answered when its time is over."""
    elsewhere = {**target(Name="second", FunctionArn=SECOND).event("Create"), "LogicalResourceId": "Second"}
    assert published.ask(OWNER, elsewhere).status == "SUCCESS"
    one = published.file(CONSUMER, permission().event("Create"))
    two = published.file(
        CONSUMER, {**permission(Target=f"{OWNER}/second").event("Create"), "LogicalResourceId": "Second"}
    )
    published.policies.shut[ARN] = RuntimeError("nobody has thought of this")  # type: ignore[assignment]
    published.handle(one, two)
    assert published.desk.answers[two].status == "SUCCESS"
    published.round()
    answer = published.desk.answers[one]
    assert (answer.status, "RuntimeError" in answer.reason) == ("FAILED", True)
