"""The schedule's rounds: every resource at least once an hour, in slices that fit one invocation, and none that starves."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from centre import CONSUMER, OWNER, Centre, Resource
from samtranslator.yaml_helper import yaml_parse

from provider.controller import controller, entry, sessions
from provider.controller.leases import PASS
from provider.core.errors import WriteUnsettled
from provider.core.identifiers import Arn

SLICE = 40.0
"""Seconds that a round has to begin passes in: central.yaml gives the function 120, of which the last pass has 80."""
MINUTE, HOUR = 60.0, 3600.0


@dataclass
class World:
    """Many published functions; reading a policy takes `cost` seconds, and is noted; `hostile` ones never settle."""

    centre: Centre
    cost: float = 0.0
    hostile: frozenset[Arn] = frozenset()
    looked_at: list[tuple[float, Arn]] = field(default_factory=list)
    longest: float = 0.0

    def publish(self, number: int) -> list[Arn]:
        arns = [
            self.centre.policies.create(f"arn:aws:lambda:eu-west-1:{OWNER}:function:f{one}") for one in range(number)
        ]
        for one, arn in enumerate(arns):
            properties = {"Name": f"f{one}", "FunctionArn": arn, "AllowedGrantTypes": ["Authorizer"]}
            target = Resource(OWNER, "Target", {**properties, "AllowedAccounts": [CONSUMER]}, f"T{one}")
            assert self.centre.ask(OWNER, target.event("Create")).status == "SUCCESS"
        read = self.centre.policies.read

        def noted(arn: Arn) -> object:
            self.looked_at.append((self.centre.clock.now(), arn))
            self.centre.clock.time += self.cost
            if arn in self.hostile:
                raise WriteUnsettled(arn, "ThrottlingException")
            return read(arn)

        self.centre.policies.read = noted  # type: ignore[method-assign,assignment]
        return arns

    def pass_hours(self, hours: float) -> None:
        """A round each minute, as long as the one before has ended."""
        clock = self.centre.clock
        end = clock.now() + hours * HOUR
        while clock.now() < end:
            begun = clock.now()
            self.centre.controller.round(begun + SLICE)
            self.longest = max(self.longest, clock.now() - begun)
            clock.time = max(clock.time, begun + MINUTE)

    def gaps(self, arn: Arn) -> list[float]:
        moments = [moment for moment, one in self.looked_at if one == arn]
        return [later - earlier for earlier, later in pairwise(moments)]


def test_a_round_ends_within_the_time_that_the_template_gives_the_function() -> None:
    """The last pass, and the last look with its two calls, begin early enough to end however long AWS takes."""
    template = yaml_parse((Path(__file__).parents[2] / "templates" / "central.yaml").read_text("utf-8"))
    timeout = template["Resources"]["ControllerFunction"]["Properties"]["Timeout"]
    assert timeout - PASS - entry._MARGIN == SLICE
    config = sessions._CONFIG
    call = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
    assert SLICE + controller._LOOKING + 2 * call < timeout - 10, (
        "what is left is for pauses between attempts, and the ledger"
    )


@pytest.fixture
def world(centre: Centre) -> World:
    return World(centre)


def test_every_resource_is_looked_at_each_hour_in_slices_of_one_invocation(world: World) -> None:
    """300 of them, of which a slice takes 40."""
    arns = world.publish(300)
    world.cost = 1.0
    world.pass_hours(4)
    times = Counter(arn for _, arn in world.looked_at)
    assert min(times[arn] for arn in arns) >= 4
    assert max(gap for arn in arns for gap in world.gaps(arn)) <= HOUR
    assert world.longest <= SLICE + PASS


def test_where_the_hour_is_too_short_for_all_each_has_its_turn(world: World) -> None:
    """Three times as much as the slices can take: everything is late alike."""
    arns = world.publish(200)
    world.cost = 36.0
    world.pass_hours(12)
    times = Counter(arn for _, arn in world.looked_at)
    assert max(times[arn] for arn in arns) - min(times[arn] for arn in arns) <= 1
    assert min(times[arn] for arn in arns) >= 2
    assert world.longest <= SLICE + PASS


def test_those_that_never_settle_keep_no_other_from_its_hour(world: World) -> None:
    """Each of ten takes a whole slice whenever it is tried."""
    arns = world.publish(100)
    world.hostile, world.cost = frozenset(arns[:10]), 2.0
    world.pass_hours(4)
    for arn in arns[10:]:
        assert len(world.gaps(arn)) >= 2, arn
        assert max(world.gaps(arn)) <= HOUR + 10 * MINUTE, arn
