"""Real threads over the ledger and the desk in DynamoDB: what the plays show holds outside of them too."""

import itertools
import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from centre import FUNCTION, Centre, Resource, permission, source, target
from tables import create_desk, create_ledger
from test_grant_lifecycle import FOREIGN
from twins import MemoryPolicies

from provider.controller.controller import Controller
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.entry import SystemClock
from provider.controller.ports import LivePolicy
from provider.core.documents import Document
from provider.core.errors import WriteUnsettled
from provider.core.identifiers import AccountId, Arn
from provider.core.statements import CentreId
from provider.localcloud import LocalCloud

ARN = Arn(FUNCTION)
CENTRE = CentreId.of(AccountId("222222222222"), "us-east-1")
CONTROLLERS = 4
STACKS = 12
ENOUGH = 90.0
"""Seconds after which a thread that is not ready yet never will be."""

_requests = itertools.count()


class GuardedPolicies(MemoryPolicies):
    """A policy store that several threads may use; each call is one moment, as at AWS."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()

    def read(self, arn: Arn) -> LivePolicy:
        with self.lock:
            return super().read(arn)

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        with self.lock:
            super().write(arn, document, revision)


class Crowd:
    """The tables of a centre, and controllers over them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.policies = GuardedPolicies()
        self.policies.create(FUNCTION, {"Version": "2012-10-17", "Statement": [FOREIGN]})

    def controller(self) -> Controller:
        clock: Any = SystemClock()
        ledger: Any = DynamoDBLedger(self.client, "threads-grants")
        desk: Any = DynamoDBDesk(self.client, "threads-requests", "threads-answers", clock)
        return Centre(clock, ledger, desk, self.policies).controller

    def file(self, resource: Resource, request_type: str, known: str | None = None, **changes: str) -> dict[str, str]:
        item = {
            "account": resource.account,
            "request": f"request-{next(_requests)}",
            "event": json.dumps({**resource.event(request_type, known), **changes}),
            "issuedAt": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        self.client.put_item(TableName="threads-requests", Item={name: {"S": text} for name, text in item.items()})
        return item

    def unanswered(self) -> list[dict[str, str]]:
        items = self.client.scan(TableName="threads-requests", ConsistentRead=True)["Items"]
        return [{name: value["S"] for name, value in item.items()} for item in items]

    def answer(self, item: dict[str, str]) -> dict[str, str]:
        key = {name: {"S": item[name]} for name in ("account", "request")}
        found = self.client.get_item(TableName="threads-answers", Key=key, ConsistentRead=True)["Item"]
        return {name: value["S"] for name, value in found.items() if "S" in value}

    def take(self, controllers: int, items: list[dict[str, str]]) -> None:
        """Several controllers take the same requests, each in another order, until all are answered."""
        failures: list[BaseException] = []
        together = threading.Barrier(controllers)

        def work(number: int) -> None:
            try:
                controller, until = self.controller(), time.time() + ENOUGH
                together.wait()
                mine = items[number:] + items[:number]
                while mine and time.time() < until:
                    controller.take(mine, until)
                    mine = self.unanswered()
            except BaseException as failure:  # noqa: BLE001 - it is raised where the threads are awaited
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(controllers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(ENOUGH + 30)
        assert not any(thread.is_alive() for thread in threads), "deadlock"
        if failures:
            raise failures[0]

    def sources(self) -> list[str]:
        statements = self.policies.document(FUNCTION)["Statement"]
        return sorted(
            text for one in statements if CENTRE.owns(one) for text in one["Condition"]["ArnLike"]["AWS:SourceArn"]
        )

    def foreign(self) -> list[Any]:
        return [one for one in self.policies.document(FUNCTION)["Statement"] if not CENTRE.owns(one)]


@pytest.fixture(scope="module")
def crowd(cloud: LocalCloud) -> Crowd:
    """A centre in DynamoDB whose owner has published the function."""
    client = cloud.client("dynamodb", "central")
    create_ledger(client, "threads-grants")
    create_desk(client, "threads-requests", "threads-answers")
    one = Crowd(client)
    published = one.file(target(), "Create")
    one.take(1, [published])
    assert one.answer(published)["status"] == "SUCCESS"
    return one


def test_controllers_at_once_lose_nothing_and_touch_nothing_of_others(crowd: Crowd) -> None:
    """Twelve stacks ask, two of three then go away; four controllers get every event, a foreign writer goes on writing."""
    stacks = [permission(ApiId=f"api{number:07}") for number in range(STACKS)]
    names = [f"Permission{number}" for number in range(STACKS)]
    over = threading.Event()
    written: list[Any] = [FOREIGN]

    def write_all_the_time() -> None:
        for number in itertools.count():
            if over.wait(0.03):
                return
            live = crowd.policies.read(ARN)
            statements = [
                {**FOREIGN, "Sid": f"theirs{number}"},
                *(one for one in live.document["Statement"] if CENTRE.owns(one)),
            ]  # type: ignore[index]
            try:
                crowd.policies.write(ARN, {"Version": "2012-10-17", "Statement": statements}, live.revision)
            except WriteUnsettled:
                continue
            written[0] = statements[0]

    writer = threading.Thread(target=write_all_the_time)
    writer.start()
    try:
        created = [crowd.file(one, "Create", LogicalResourceId=name) for one, name in zip(stacks, names, strict=True)]
        crowd.take(CONTROLLERS, created)
        ids = [crowd.answer(item)["physicalResourceId"] for item in created]
        assert crowd.sources() == [source(f"api{number:07}") for number in range(STACKS)]
        gone = [number for number in range(STACKS) if number % 3]
        crowd.take(
            CONTROLLERS,
            [crowd.file(stacks[number], "Delete", ids[number], LogicalResourceId=names[number]) for number in gone],
        )
    finally:
        over.set()
        writer.join(30)
    assert {crowd.answer(item)["status"] for item in created} == {"SUCCESS"}
    assert crowd.sources() == [source(f"api{number:07}") for number in range(0, STACKS, 3)]
    assert crowd.foreign() == written
    assert not crowd.unanswered()
