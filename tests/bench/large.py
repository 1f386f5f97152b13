"""A ledger of a large organization: what one grant, one reconcile and one scheduled round read and write, and how much they hold.

One target is filled by the product; the others are copies of it, each with an owner's function and accounts of its own. DynamoDB is
the twin that counts capacity by the sizes of items; policies are held in memory.
"""

import gc
import json
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from centre import FUNCTION, OWNER, Centre, permission, target
from dynamodb_twin import DynamoDBTwin

from provider.controller import codec
from provider.controller.codec import to_wire
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.absences import Seen, Sight
from provider.core.identifiers import AccountId, Arn, DeclarationId, Origin

GRANTS = "grants"
_BLOCK, _NAME, _PLACE = "700000", "token-service", ":function:token:"
"""What a copy has of its own: the beginning of its accounts' numbers, its name, its function."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took: calls of DynamoDB and of the policies' service, items and capacity units read and written.

    `peak` are the bytes that it held at most besides what was there before.
    """

    calls: int
    policy_calls: int
    items: dict[str, int]
    units: dict[str, float]
    peak: int = 0


@dataclass
class CountedPolicies:
    """What there is between the controller and its policies: counts calls, and keeps no list of writes."""

    policies: Any
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.policies, name)
        if name not in ("read", "write"):
            return found

        def call(*arguments: Any) -> Any:
            self.calls += 1
            return found(*arguments)

        return call


@dataclass(frozen=True, slots=True)
class StandingStacks:
    """`ports.Stacks` in which everything stands as the ledger has it; that this is read here is not counted."""

    tables: DynamoDBTwin

    def look(self, origin: Origin) -> Sight:
        """See `ports.Stacks.look`."""
        item = self.tables.find(GRANTS, to_wire(codec.origin_key(origin))) or {"held": {"L": [{"S": ""}]}}
        return Sight(Seen.STANDS, DeclarationId(item["held"]["L"][0]["S"]))


@dataclass
class Organization:
    """So many targets with so many grants each, of accounts of which each has a grant on a tenth of the targets."""

    targets: int
    grants: int
    tables: DynamoDBTwin = field(default_factory=DynamoDBTwin)
    asked: int = 0

    def __post_init__(self) -> None:
        ledger: Any = DynamoDBLedger(self.tables, GRANTS)
        desk: Any = DynamoDBDesk(self.tables, "requests", "answers", None)  # type: ignore[arg-type]
        stacks: Any = StandingStacks(self.tables)
        self.centre = Centre(ledger=ledger, desk=desk, stacks=stacks)
        desk._clock = self.centre.clock
        counted: Any = CountedPolicies(self.centre.policies)
        self.policies: Any = self.centre.policies
        self.centre.policies, self.counted = counted, counted
        self.centre.controller = self.centre.new_controller()
        self._fill()

    def _fill(self) -> None:
        self.policies.create(FUNCTION)
        offer = {"AllowOrganization": "true", "AllowedAccounts": None, "AllowDeletionWithConsumers": "true"}
        self._ask(OWNER, target(**offer).event("Create"))
        for number in range(self.grants):
            self._ask(f"{_BLOCK}{number:06}", permission(f"{_BLOCK}{number:06}").event("Create"), wait=False)
        self.centre.clock.time += 60  # until then they are left to the stream
        self.centre.controller.round(self.centre.clock.now() + 10_000)
        document = json.dumps(self.policies.document(FUNCTION))
        kept = {place: dict(rows) for place, rows in self.tables.tables.items() if place[0] == GRANTS}
        for number in range(1, self.targets):
            own = _own(number)
            self.policies.create(own(FUNCTION), json.loads(own(document)))
            for (_, pk), rows in kept.items():
                for text in rows.values():
                    item = json.loads(own(text))
                    if pk.startswith("ORIGIN#"):  # a digest of what the copy has of its own
                        parts = (item[name]["S"] for name in ("account", "stackId", "logicalId"))
                        item |= to_wire(codec.origin_key(_origin(*parts)))
                    self.tables.put(GRANTS, item, item)
        self.one_round()  # which writes what the copies' statements are called by

    def _ask(self, account: str, event: dict[str, Any], *, wait: bool = True) -> None:
        self.centre.clock.time += 1
        self.asked += 1
        stamp = datetime.fromtimestamp(self.centre.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        request = {
            "account": account,
            "request": f"request-{self.asked}",
            "event": json.dumps(event),
            "issuedAt": stamp,
        }
        item = to_wire(request)
        self.tables.put("requests", item, item)
        if wait:
            self.centre.controller.take([request], self.centre.clock.now() + 60)

    # --- what is measured -----------------------------------------------------------------------------

    def one_grant(self) -> Cost:
        """One more grant on one target, from its request to its answer."""
        return self._measured(lambda: self._ask("799999999999", permission("799999999999").event("Create")))

    def one_reconcile(self) -> Cost:
        """A look at one resource, which finds nothing to change."""
        return self._measured(lambda: self.centre.controller._reconcile([Arn(FUNCTION)], self.centre.clock.now() + 60))

    def one_round(self, *, trace: bool = False) -> Cost:
        """All that the schedule looks at in an hour: each resource once, and fifty stacks.

        The time of this clock stands still, so that one round has time for all of them.
        """
        self.centre.clock.time += 3700
        return self._measured(self.centre.round, trace=trace)

    def one_look_around(self, *, trace: bool = False) -> Cost:
        """A round's look at stacks, when all of them are due."""
        self.centre.clock.time += 25 * 3600
        return self._measured(lambda: self.centre.observer.look_around(self.centre.clock.now() + 60), trace=trace)

    def _measured(self, act: Callable[[], None], *, trace: bool = False) -> Cost:
        for counter in (self.tables.calls, self.tables.items, self.tables.units):
            counter.clear()
        self.tables.transactions.clear()
        self.counted.calls = 0
        peak = _peak(act) if trace else act()
        calls = sum(self.tables.calls.values())
        return Cost(calls, self.counted.calls, dict(self.tables.items), dict(self.tables.units), peak or 0)


def _origin(account: str, stack: str, logical_id: str) -> Origin:
    return Origin(AccountId(account), stack, logical_id)


def _own(number: int) -> Callable[[str], str]:
    """A text of the first target as it is of another one."""
    block, name, place = f"7{number % 100:05}", f"target-{number:05}", f":function:f{number:05}:"

    def put(text: str) -> str:
        return text.replace(_BLOCK, block).replace(_NAME, name).replace(_PLACE, place)

    return put


def _peak(act: Callable[[], None]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def ledger_items(organization: Organization) -> Counter[str]:
    """How many items the ledger has, by the beginning of their keys."""
    found: Counter[str] = Counter()
    for (table, pk), rows in organization.tables.tables.items():
        if table == GRANTS:
            found[pk.partition("#")[0]] += len(rows)
    return found
