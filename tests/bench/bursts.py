"""N stacks of many accounts ask at the same moment for permissions on one target: by the zips' functions, and by the baseline.

The local cloud does what AWS would; the functions run in `lambdas`. Afterwards the policies are asked whom they let in.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from burst_cloud import BurstCloud
from decisions import Call, Caller, Decision, decide
from deployed_names import HOME, OWNER
from mutants import MUTANTS

FOREVER = 3600.0
"""Seconds after which CloudFormation gives up a custom resource, unless its template says otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one stack asks for: of the product, and of the baseline."""

    properties: Mapping[str, Any]
    method: str
    arguments: Mapping[str, Any]


class Scene(Protocol):
    """What stacks ask for, and of how many accounts the largest burst is."""

    name: str
    accounts: int

    def offer(self, has: Mapping[str, str]) -> Mapping[str, Any]:
        """What the owner publishes."""

    def asked(self, account: str, stack: str, has: Mapping[str, str]) -> Asked:
        """What a stack of an account asks for."""

    def lets_in(self, document: Any, account: str, has: Mapping[str, str]) -> bool:
        """Whether a policy lets in what a stack of an account has asked for."""


@dataclass(frozen=True, slots=True)
class Executions:
    """Whole accounts that call a REST API. Its policy has room for some 500: the largest burst is two stacks of each."""

    name: str = "ExecuteApi"
    accounts: int = 500

    def offer(self, has: Mapping[str, str]) -> Mapping[str, Any]:
        """See `Scene.offer`."""
        place = {"RestApiId": has["Api"], "StageName": "prod", "RedeployOnChange": "true"}
        return {**place, "AllowedGrantTypes": ["ExecuteApi"]}

    def asked(self, account: str, stack: str, has: Mapping[str, str]) -> Asked:
        """See `Scene.asked`."""
        arguments = {"api": has["Api"], "stage": "prod", "account": account, "name": stack}
        return Asked({"GrantType": "ExecuteApi"}, "grant_execute_api", arguments)

    def lets_in(self, document: Any, account: str, has: Mapping[str, str]) -> bool:
        """See `Scene.lets_in`."""
        resource = f"arn:aws:execute-api:{HOME}:{OWNER}:{has['Api']}/prod/GET/orders"
        call = Call(Caller(f"arn:aws:iam::{account}:role/buyer"), "execute-api:Invoke", resource)
        return decide(document["Statement"], call) is not Decision.NO


@dataclass(frozen=True, slots=True)
class Authorizers:
    """A function as authorizer of an API of each account. Its policy has room for some 280: four stacks of each of 250 accounts."""

    name: str = "Authorizer"
    accounts: int = 250

    def offer(self, has: Mapping[str, str]) -> Mapping[str, Any]:
        """See `Scene.offer`."""
        return {"FunctionArn": has["Function"], "AllowedGrantTypes": ["Authorizer"]}

    def asked(self, account: str, stack: str, has: Mapping[str, str]) -> Asked:
        """See `Scene.asked`."""
        function, _, qualifier = has["Function"].rpartition(":")
        arguments = {"function": function, "qualifier": qualifier, "source": self._source(account, "*"), "name": stack}
        return Asked({"GrantType": "Authorizer", "ApiId": _api(account)}, "grant_authorizer", arguments)

    def lets_in(self, document: Any, account: str, has: Mapping[str, str]) -> bool:
        """See `Scene.lets_in`."""
        source = {"aws:SourceArn": self._source(account, "abc123")}
        call = Call(Caller(service="apigateway.amazonaws.com"), "lambda:InvokeFunction", has["Function"], source)
        return decide(document["Statement"], call) is not Decision.NO

    @staticmethod
    def _source(account: str, authorizer: str) -> str:
        return f"arn:aws:execute-api:{HOME}:{account}:{_api(account)}/authorizers/{authorizer}"


def _api(account: str) -> str:
    return f"a{account[-9:]}"


SCENES: tuple[Scene, ...] = (Executions(), Authorizers())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a burst; times are in seconds from the moment at which all asked.

    `failed` are the stacks that were refused, by reason; `lost` those that were told of a success and are not let in, `unserved`
    those whose API's stage was not deployed since. `seconds` are the times at which stacks had what they asked for, `FOREVER` for
    those that never had, in order; `answers` those of all answers.
    """

    scene: str
    handler: str
    size: int
    seconds: list[float]
    answers: list[float]
    failed: Mapping[str, int]
    lost: int
    unserved: int
    writes: int
    deployments: int
    calls: Mapping[str, int]
    refused: Mapping[str, int]

    @property
    def granted(self) -> int:
        """How many stacks have what they asked for."""
        return sum(1 for one in self.seconds if one < FOREVER)


def quantile(seconds: list[float], share: float) -> float:
    """The time within which that share of them lies."""
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


@dataclass
class Bursts:
    """Bursts on one cloud, each on a target of its own."""

    cloud: BurstCloud
    runs: int = field(default=0)

    def play(self, scene: Scene, handler: str, size: int) -> Outcome:
        """Let so many stacks ask. `handler` is `product`, `baseline`, or `no leases`: the product with that taken out of a copy."""
        self.runs += 1
        name = f"target-{self.runs}"
        has = self.cloud.owned(name)
        accounts = list(self.cloud.keys)[: min(size, scene.accounts)]
        stacks = [
            self._stack(scene, accounts[number % len(accounts)], f"{name}-{number}", has) for number in range(size)
        ]
        if handler != "baseline":
            self.cloud.publish(name, scene.offer(has))
        zips = self.cloud.zips if handler != "no leases" else self._without_leases()
        order = {"handler": "baseline" if handler == "baseline" else "product", "role": has["Editor"], "seed": size}
        found = self.cloud.run({**order, "zips": zips, "stacks": stacks})
        return self._outcome(scene, handler, stacks, found, has)

    def _stack(self, scene: Scene, account: str, number: str, has: Mapping[str, str]) -> dict[str, Any]:
        asked = scene.asked(account, f"stack-{number}", has)
        return {
            "account": account,
            "keys": self.cloud.keys[account],
            "type": "Permission",
            "number": number,
            "properties": {"Target": f"{OWNER}/{number.rpartition('-')[0]}", **asked.properties},
            "method": asked.method,
            "arguments": asked.arguments,
        }

    def _without_leases(self) -> Mapping[str, str]:
        """A copy of the controller in which every lease is anybody's, as tests/reliability/mutants.py has it."""
        mutant = next(one for one in MUTANTS if one.name == "write without the lease")
        copied = self.cloud.directory / "without-leases"
        if not copied.exists():
            shutil.copytree(self.cloud.zips["controller"], copied)
            path = copied / "provider" / "controller" / "reconciling.py"
            text, number = re.subn(mutant.pattern, mutant.replacement, path.read_text("utf-8"))
            assert number == 1, mutant.pattern
            path.write_text(text, "utf-8")
        return {**self.cloud.zips, "controller": str(copied)}

    def _outcome(
        self, scene: Scene, handler: str, stacks: list[dict[str, Any]], found: Any, has: Mapping[str, str]
    ) -> Outcome:
        document = self._document(scene, has)
        last = found["deployments"][-1] if found["deployments"] else -1.0
        served = scene.name != "ExecuteApi" or not found["writes"] or last >= found["writes"][-1]
        seconds, answers, failed, lost, unserved = [], [], Counter[str](), 0, 0
        for one in stacks:
            at, status, reason = found["stacks"][f"request-{one['number']}"]
            answers.append(at)
            let_in = scene.lets_in(document, one["account"], has)
            failed[reason] += status != "SUCCESS"
            lost += status == "SUCCESS" and not let_in
            unserved += status == "SUCCESS" and let_in and not served
            seconds.append(at if status == "SUCCESS" and let_in else FOREVER)
        return Outcome(
            scene=scene.name,
            handler=handler,
            size=len(stacks),
            seconds=sorted(seconds),
            answers=sorted(answers),
            failed={reason: number for reason, number in failed.items() if number},
            lost=lost,
            unserved=unserved,
            writes=len(found["writes"]),
            deployments=len(found["deployments"]),
            calls=found["calls"],
            refused=found["refused"],
        )

    def _document(self, scene: Scene, has: Mapping[str, str]) -> Any:
        """The policy as it stands in the end."""
        if scene.name == "ExecuteApi":
            text = self.cloud.cloud.client("apigateway", "owner").get_rest_api(restApiId=has["Api"]).get("policy")
            return json.loads(json.loads(f'"{text}"')) if text else {"Statement": []}
        client = self.cloud.cloud.client("lambda", "owner")
        try:
            return json.loads(client.get_resource_policy(ResourceArn=has["Function"])["Policy"])
        except client.exceptions.ResourceNotFoundException:
            return {"Statement": []}


def table(path: Path, outcomes: list[Outcome]) -> None:
    """Keep outcomes as JSON."""
    path.write_text(json.dumps([{name: getattr(one, name) for name in one.__slots__} for one in outcomes]), "utf-8")
