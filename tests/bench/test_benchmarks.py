"""The benchmarks' code runs, and is right, in its smallest size; their page says something of every goal."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from burst_cloud import burst_cloud
from bursts import SCENES, Bursts, Scene
from calls import Recorder
from goals import GOALS
from large import Organization, ledger_items

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
STACKS = 10


@pytest.fixture(scope="module")
def bursts() -> Iterator[Bursts]:
    """A cloud with an account for each stack."""
    with burst_cloud(STACKS) as cloud:
        yield Bursts(cloud)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_page_says_of_every_goal_what_was_measured_and_whether_it_is_met() -> None:
    lines = {
        cells(line)[0].strip(): cells(line) for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")
    }
    assert not {goal.text for goal in GOALS} - lines.keys()
    for goal in GOALS:
        _, measured, met = lines[goal.text]
        assert measured
        assert met == "met" or re.fullmatch(r"\*\*not met\.\*\* \S.+", met), goal.text


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_ten_stacks_at_once_are_served_by_a_few_writes(bursts: Bursts, scene: Scene) -> None:
    """By the zips' functions, under the deployed roles; the time is virtual."""
    found = bursts.play(scene, "product", STACKS)
    assert (found.granted, found.lost, found.unserved, dict(found.failed)) == (STACKS, 0, 0, {})
    assert found.answers[-1] < 30
    assert found.writes <= 3
    assert found.deployments == (found.writes if scene.name == "ExecuteApi" else 0)
    assert set(found.refused) <= {"dynamodb.UpdateItem: TransactionConflictException"}


def test_the_baseline_loses_what_others_write(bursts: Bursts) -> None:
    """All read the policy before one has written it; each deploys, and AWS takes a deployment in five seconds."""
    found = bursts.play(SCENES[0], "baseline", STACKS)
    assert found.lost == STACKS - 1
    assert (found.writes, found.deployments) == (STACKS, STACKS)
    assert found.answers[-1] >= 5 * (STACKS - 1)


def test_the_page_counts_the_calls_of_each_event_as_they_are(bursts: Bursts) -> None:
    recorder = Recorder(bursts.cloud)
    found = recorder.all()
    text = PAGE.read_text("utf-8")
    for one in found:
        start = f"| {one.grant_type} | {one.operation} | {len(one.cold)} | {len(one.warm)} | {len(one.controller)} | {one.count('dynamodb')} |"
        assert start in text, f"run `make bench`: {start}"
    unchanged = [one.controller for one in found if one.operation == "Update without a change"]
    calls = [call for one in (*unchanged, recorder.scheduled_look()) for call in one if not call.startswith("dynamodb")]
    assert {call.partition(".")[2] for call in calls} <= {"AssumeRole", "GetResourcePolicy", "GetRestApi", "GetRole"}


def test_costs_grow_with_the_resource_and_not_with_the_ledger() -> None:
    small, wide, deep = Organization(1, 10), Organization(5, 10), Organization(1, 40)
    assert sum(ledger_items(wide).values()) == 5 * sum(ledger_items(small).values())
    costs = small.one_reconcile(), small.one_grant()
    assert costs == (wide.one_reconcile(), wide.one_grant())
    assert deep.one_reconcile().items["read"] == costs[0].items["read"] + 30
    assert deep.one_reconcile().calls == costs[0].calls


def test_a_round_that_finds_nothing_to_change_writes_no_policy() -> None:
    """Each is read once; each resource's record is written when its lease is taken and when it is given back."""
    organization = Organization(5, 10)
    round_ = organization.one_round()
    assert (round_.policy_calls, round_.items["write"]) == (5, 10)
