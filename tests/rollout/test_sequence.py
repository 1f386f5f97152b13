"""The roll-out ends where it should, wherever an earlier one was interrupted, and leaves alone what need not change."""

from dataclasses import replace
from pathlib import Path

import pytest
from aws_twin import AwsTwin, InterruptedHere, StackTwin
from zips import artifacts

from provider.packaging.artifact import Architecture
from provider.packaging.contents import Checkout
from provider.rollout.plan import PREFIX, Plan, ReleaseStep, StackStep, Units, steps
from provider.rollout.sequence import roll_out, standing, take_down
from provider.rollout.stacks import StackFailed

CENTRAL, PAYMENTS, ORDERS = "222222222222", "333333333333", "111111111111"
HOME, OTHER = "eu-central-1", "us-east-1"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Two accounts beside the central one, two Regions."""
    return Plan(
        organization="o-a1b2c3d4e5",
        central=CENTRAL,
        accounts=(PAYMENTS, ORDERS),
        regions=(HOME, OTHER),
        architecture=Architecture.ARM64,
        artifacts=artifacts(tmp_path, "first"),
        templates=Checkout.here().templates(),
    )


def run(plan: Plan, aws: AwsTwin) -> list[str]:
    return [str(step) for step in roll_out(plan, aws.client)]


def state(aws: AwsTwin) -> object:
    """What stands: every stack with its parameters, every object."""
    stacks = {key: (one.parameters, one.template, one.protected) for key, one in aws.stacks.items()}
    assert {one.status for one in aws.stacks.values()} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    return stacks, aws.objects


def upgraded(plan: Plan, directory: Path) -> Plan:
    return replace(plan, artifacts=artifacts(directory, "second"))


def test_everything_stands_after_one_run(plan: Plan) -> None:
    aws = AwsTwin()
    run(plan, aws)
    names = sorted((account, region, name.removeprefix(f"{PREFIX}-")) for account, region, name in aws.stacks)
    assert names == sorted(
        [
            (CENTRAL, HOME, "artifacts"),
            (CENTRAL, OTHER, "artifacts"),
            (CENTRAL, HOME, "central"),
            *((account, HOME, "account-roles") for account in (PAYMENTS, ORDERS)),
            *((account, region, "account-provider") for account in (PAYMENTS, ORDERS) for region in (HOME, OTHER)),
        ]
    )
    assert [key[2] for key, one in aws.stacks.items() if one.protected] == [
        f"{PREFIX}-artifacts",
        f"{PREFIX}-artifacts",
        f"{PREFIX}-central",
    ]


def test_what_was_changed_past_the_stacks_is_reverted_by_who_asks_for_it_alone(plan: Plan) -> None:
    """Where there is nothing to revert, nothing is done; a first deployment has nothing to revert."""
    aws = AwsTwin()
    run(replace(plan, reverts=True), aws)
    before, done = state(aws), len(aws.done)
    aws.stacks[CENTRAL, HOME, f"{PREFIX}-central"].drifted = True
    run(plan, aws)
    assert len(aws.done) == done
    run(replace(plan, reverts=True), aws)
    assert aws.done[done:] == [("UPDATE", f"{CENTRAL} {HOME}", f"{PREFIX}-central")]
    assert state(aws) == before


def test_a_second_run_changes_nothing(plan: Plan) -> None:
    aws = AwsTwin()
    run(plan, aws)
    before, done = state(aws), len(aws.done)
    run(plan, aws)
    assert state(aws) == before
    assert len(aws.done) == done


def calls(plan: Plan, aws: AwsTwin) -> int:
    before = len(aws.calls)
    run(plan, aws)
    return len(aws.calls) - before


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_first_run_that_dies_at_any_call_is_finished_by_the_next(plan: Plan, after: bool) -> None:
    whole = AwsTwin()
    number = calls(plan, whole)
    assert number > 60
    for call in range(1, number + 1):
        aws = AwsTwin(dies_at=call, after=after)
        with pytest.raises(InterruptedHere):
            run(plan, aws)
        run(plan, aws)
        assert state(aws) == state(whole), f"died at call {call}, {aws.calls[call - 1]}"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_upgrade_that_dies_at_any_call_is_finished_by_the_next(plan: Plan, tmp_path: Path, after: bool) -> None:
    whole = AwsTwin()
    run(plan, whole)
    then = upgraded(plan, tmp_path)
    number = calls(then, whole)
    for call in range(1, number + 1):
        aws = AwsTwin(after=after)
        run(plan, aws)
        aws.dies_at = len(aws.calls) + call
        with pytest.raises(InterruptedHere):
            run(then, aws)
        run(then, aws)
        assert state(aws) == state(whole), f"died at call {call}, {aws.calls[aws.dies_at - 1]}"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_undeployment_that_dies_at_any_call_is_finished_by_the_next(plan: Plan, after: bool) -> None:
    whole = AwsTwin()
    run(plan, whole)
    before = len(whole.calls)
    list(take_down(plan, whole.client))
    for call in range(1, len(whole.calls) - before + 1):
        aws = AwsTwin(after=after)
        run(plan, aws)
        aws.dies_at = len(aws.calls) + call
        with pytest.raises(InterruptedHere):
            list(take_down(plan, aws.client))
        list(take_down(plan, aws.client))
        assert set(aws.stacks) == {(CENTRAL, region, f"{PREFIX}-artifacts") for region in (HOME, OTHER)}


def test_an_upgrade_updates_and_never_deletes_or_creates(plan: Plan, tmp_path: Path) -> None:
    """What runs goes on: functions get their new code in place, zips stay."""
    aws = AwsTwin()
    run(plan, aws)
    objects = {name: set(keys) for name, keys in aws.objects.items()}
    aws.done.clear()
    run(upgraded(plan, tmp_path), aws)
    assert {kind for kind, _, _ in aws.done} == {"UPDATE"}
    assert all(objects[name] < aws.objects[name] for name in objects)


def test_an_upgrade_brings_zips_before_what_names_them_and_the_centre_before_the_accounts(plan: Plan) -> None:
    order = [
        step.stack.name.removeprefix(f"{PREFIX}-") if isinstance(step, StackStep) else "zips" for step in steps(plan)
    ]
    assert (
        order == ["artifacts", "zips"] * 2 + ["central"] + ["account-roles", "account-provider", "account-provider"] * 2
    )


def test_an_upgrade_keeps_the_parameters_that_it_is_not_told(plan: Plan, tmp_path: Path) -> None:
    """Else the next release would take a key or an answer of the organization's away."""
    aws = AwsTwin()
    run(replace(plan, parameters={"central": {"AskOrganization": "true"}}), aws)
    run(upgraded(plan, tmp_path), aws)
    central = aws.stacks[CENTRAL, HOME, f"{PREFIX}-central"]
    assert central.parameters["AskOrganization"] == "true"


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"])
def test_what_never_came_up_is_cleared_away_and_made_anew(plan: Plan, status: str) -> None:
    name = f"{PREFIX}-central"
    aws = AwsTwin(stacks={(CENTRAL, HOME, name): StackTwin(name, status)})
    run(plan, aws)
    assert aws.stacks[CENTRAL, HOME, name].status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"),
    ],
)
def test_what_is_under_way_is_waited_for(plan: Plan, status: str, outcome: str) -> None:
    name = f"{PREFIX}-central"
    aws = AwsTwin(stacks={(CENTRAL, HOME, name): StackTwin(name, status, outcome=outcome)})
    run(plan, aws)
    assert aws.stacks[CENTRAL, HOME, name].status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "DELETE_FAILED"])
def test_what_needs_a_person_is_said_with_its_reason_and_what_to_do(plan: Plan, status: str) -> None:
    name = f"{PREFIX}-central"
    stack = StackTwin(name, status, reason="somebody has deleted the table")
    with pytest.raises(StackFailed, match=rf"{name} ended in {status}: Thing: somebody has .*\. .*deploy again\.$"):
        run(plan, AwsTwin(stacks={(CENTRAL, HOME, name): stack}))


def test_a_stack_that_fails_says_why_and_comes_up_in_the_next_run_once_that_is_mended(plan: Plan) -> None:
    aws = AwsTwin(broken={"central"})
    with pytest.raises(StackFailed, match="Thing: is broken"):
        run(plan, aws)
    aws.broken.clear()
    run(plan, aws)
    assert aws.stacks[CENTRAL, HOME, f"{PREFIX}-central"].protected


def test_what_asks_is_taken_down_before_what_answers_and_buckets_stay(plan: Plan) -> None:
    aws = AwsTwin()
    run(plan, aws)
    aws.done.clear()
    list(take_down(plan, aws.client))
    order = [name.removeprefix(f"{PREFIX}-") for _, _, name in aws.done]
    assert order == ["account-provider", "account-provider", "account-roles"] * 2 + ["central"]


def test_units_are_served_by_stack_sets_after_the_centre(plan: Plan) -> None:
    units = Units(("ou-ab12-cdefgh34", "ou-ab12-ijklmn56"), "999999999999", delegated=True)
    planned = steps(replace(plan, accounts=(), units=units))
    last = planned[-1]
    assert isinstance(last, StackStep)
    assert (last.account, last.region, last.stack.name) == ("999999999999", HOME, f"{PREFIX}-organization")
    told = last.stack.parameters
    assert told["OrganizationalUnitIds"] == "ou-ab12-cdefgh34,ou-ab12-ijklmn56"
    assert told["Regions"] == f"{HOME},{OTHER}"
    assert told["CallAs"] == "DELEGATED_ADMIN"
    released = {f"https://{PREFIX}-{CENTRAL}-{HOME}.s3.{HOME}.amazonaws.com/"}
    assert {told[name].partition("templates/")[0] for name in ("RolesTemplateUrl", "ProviderTemplateUrl")} == released


def test_a_plan_tells_what_stands_already(plan: Plan) -> None:
    aws = AwsTwin()
    planned = [one for one in steps(plan) if not isinstance(one, ReleaseStep)]
    assert {standing(step, aws.client) for step in planned} == {None}
    run(plan, aws)
    assert {standing(step, aws.client) for step in planned} == {"CREATE_COMPLETE"}
