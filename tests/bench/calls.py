"""The AWS calls of one event of each kind, by grant type: those of the provider's function, and those of the controller.

The functions run as in the tests of reliability: each invocation of the controller is a cold start, under the deployed roles, and all
that leaves the process is heard.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from burst_cloud import BurstCloud
from controller_process import ControllerProcess
from hours import Hours
from operations import Step, ask, publish
from provider_process import ProviderProcess, with_response_url
from stage import Stage

OPERATIONS = ("Create", "Update", "Update without a change", "Delete")
OWNERS = ("lambda", "api-gateway", "iam")
"""Services that are called in the owner's account."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: by a Create, and by the Update that changes it."""

    grant_type: str
    target: str
    first: Mapping[str, Any]
    then: Mapping[str, Any]
    offer: Mapping[str, Any] = field(default_factory=dict)


ASKED = (
    Asked("Authorizer", "token-service", {"AuthorizerIds": ["abc123"]}, {"AuthorizerIds": ["abc124"]}),
    Asked("InvokeFunction", "token-service", {}, {"Principals": ["arn:aws:iam::111111111111:role/buyer"]}),
    Asked("ExecuteApi", "orders-api", {}, {"Methods": ["GET"]}, {"RedeployOnChange": "true"}),
    Asked("AssumeRole", "orders-role", {}, {"ExternalId": "orders"}),
)


@dataclass(frozen=True, slots=True)
class Called:
    """The calls of one event, in order, by their names; `cold` and `warm` are the provider's."""

    grant_type: str
    operation: str
    cold: list[str]
    warm: list[str]
    controller: list[str]

    def count(self, *services: str) -> int:
        """How many of the controller's are of these services."""
        return sum(1 for one in self.controller if one.partition(".")[0] in services)


class Recorder:
    """Plays a life of each grant type, twice: with a provider that is cold for each event, and with a warm one."""

    def __init__(self, cloud: BurstCloud) -> None:
        opening = float(int(time.time()))
        self._hours, endpoint = Hours(opening), cloud.cloud.endpoint
        self._controller = ControllerProcess(endpoint, tuple(cloud.controller), self._hours, shards=1)  # type: ignore[arg-type]
        self._stage = Stage(cloud.parts, self._controller, self._hours, opening)
        keys = cloud.parts.credentials("consumer", "provider")
        self._provider = ProviderProcess(endpoint, keys, self._hours, self._deliver)
        self._warm = self._provider.provider()
        self._heard: list[str] = []
        self._number = 0

    def all(self) -> list[Called]:
        """The calls of all operations of all grant types."""
        self._stage.play({one.target: publish(one.target, **one.offer) for one in ASKED})
        return [called for asked in ASKED for called in self._life(asked)]

    def scheduled_look(self) -> list[str]:
        """The calls of the hourly look at what there is, when nothing is to be changed."""
        self._hours.time += 3700
        self._controller.round()
        found = list(self._controller.wire.calls)
        self._stage.look(everywhere=True)
        self._stage.put_back(self._stage.empty)  # or the next burst would wait for deployments of a time to come
        return found

    def _life(self, asked: Asked) -> list[Called]:
        cold, warm = (self._events(asked, stack, warm) for stack, warm in (("asker", False), ("bystander", True)))
        return [
            Called(asked.grant_type, operation, cold[operation][0], warm[operation][0], warm[operation][1])
            for operation in OPERATIONS
        ]

    def _events(self, asked: Asked, stack: str, warm: bool) -> dict[str, tuple[list[str], list[str]]]:
        # The origin of an earlier life remembers it; only authorizers have APIs by the names of stacks.
        stack = stack if asked.grant_type == "Authorizer" else f"{stack}-{asked.grant_type}"

        def step(request_type: str, properties: Mapping[str, Any], known: str = "") -> Step:
            return ask(asked.target, asked.grant_type, request_type, stack, known, **properties)

        found = {"Create": self._asked(step("Create", asked.first), {}, warm)}
        known = {"it": self._physical_id()}
        found["Update"] = self._asked(step("Update", asked.then, "it"), known, warm)
        after = {"it": self._physical_id()}
        self._asked(step("Delete", asked.first, "it"), known, warm)  # CloudFormation's cleanup after an Update
        found["Update without a change"] = self._asked(step("Update", asked.then, "it"), after, warm)
        found["Delete"] = self._asked(step("Delete", asked.then, "it"), after, warm)
        return found

    def _asked(self, step: Step, ids: Mapping[str, str], warm: bool) -> tuple[list[str], list[str]]:
        self._number += 1
        self._hours.time += 20
        self._heard.clear()
        event = step.event(f"request-{self._number}", ids, self._stage.names)
        self._provider.invoke(with_response_url(event, self._hours.now()), warm=self._warm if warm else None)
        answer = self._provider.host.documents[-1]
        assert answer["Status"] == "SUCCESS", answer
        return list(self._provider.wire.calls), list(self._heard)

    def _physical_id(self) -> str:
        return str(self._provider.host.documents[-1]["PhysicalResourceId"])

    def _deliver(self) -> None:
        self._controller.wire.calls = []
        self._stage.deliver()
        self._heard += self._controller.wire.calls
        self._stage.known = None
