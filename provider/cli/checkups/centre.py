"""The centre, part by part: everything that its stack should have made, judged by the template and the stack's parameters."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from provider.cli.checkups import alarms, buckets, controller, roles, stack, tables, waking
from provider.cli.checkups.expected import CONTROLLER, PREFIX, TABLES, Document, Expected, Place
from provider.cli.checkups.faults import Check, Fault, examined, fault, unknown
from provider.cli.ledger import TABLE
from provider.controller import drift

Clients = Callable[[str, str], Any]
"""(service, Region) -> a client of the central account."""


def found(
    clients: Clients, place: Place, name: str, regions: Sequence[str], templates: Mapping[str, Document]
) -> Iterator[Fault]:
    """What is wrong with the centre.

    Args:
        clients: of the central account.
        place: that account and its home Region.
        name: the stack of its central parts.
        regions: those in use, each of which has an artifact bucket.
        templates: this version's, by their names without `.yaml`.
    """
    where = stack.where(name)
    try:
        its = stack.read(clients("cloudformation", place.region), name)
    except ClientError as error:
        told = unknown(where, error)
        yield replace(told, what=f"By it all else is judged. {told.what}")
        return
    if its is None:
        remedy = (
            "Use a profile of the central account, name its home Region by --home-region, or run `crossaccount deploy`."
        )
        yield fault("CentreMissing", where, f"It is not in account {place.account}, {place.region}. {remedy}")
        return
    yield from stack.faults(name, its, templates["central"])
    expected = Expected(templates["central"], its.parameters, place, name, its.physical)
    yield from examined(_central(clients, expected))
    yield from examined(_in_regions(clients, expected, regions, templates["artifacts"]))


def _central(clients: Clients, expected: Expected) -> Iterator[Check]:
    def here(service: str) -> Any:
        return clients(service, expected.place.region)

    for name in TABLES:
        yield Check(
            tables.where(name),
            partial(tables.read, here("dynamodb"), name),
            partial(tables.faults, name, expected=expected),
        )
    yield from _waking(here, expected)
    yield Check(
        controller.WHERE, partial(controller.read, here("lambda")), partial(controller.faults, expected=expected)
    )
    for logical_id, name in roles.ROLES.items():
        judge = partial(roles.faults, logical_id, expected=expected)
        yield Check(roles.where(name), partial(roles.read, here("iam"), name), judge)
    wanted = alarms.names(expected)
    yield Check(alarms.WHERE, partial(alarms.read, here("cloudwatch"), wanted), partial(alarms.faults, wanted=wanted))
    yield Check("ledger", partial(_drift, here("dynamodb")), _of_drift)


def _waking(here: Callable[[str], Any], expected: Expected) -> Iterator[Check]:
    function = expected.place.arn("lambda", f"function:{CONTROLLER}")
    physical = expected.physical
    yield Check(
        waking.MAPPING,
        lambda: (
            waking.read_mapping(here("lambda"), physical.get("RequestsEventSource", "")),
            tables.read_stream(here("dynamodb"), "requests"),
        ),
        lambda both: waking.of_mapping(both[0], both[1], function),
    )
    yield Check(
        waking.SCHEDULE,
        partial(waking.read_schedule, here("events"), physical.get("Schedule", "")),
        partial(waking.of_schedule, function=function, rate=expected.properties("Schedule")["ScheduleExpression"]),
    )
    url = physical.get("DeadLetterQueue", "")
    yield Check(waking.QUEUE, partial(waking.read_queue, here("sqs"), url), waking.of_queue)


def _in_regions(clients: Clients, central: Expected, regions: Sequence[str], template: Document) -> Iterator[Check]:
    for region in regions:
        place = replace(central.place, region=region)
        expected = Expected(template, {"OrganizationId": central.parameter("OrganizationId")}, place)
        is_home = region == central.place.region
        zips = frozenset({buckets.PROVIDER, *([central.parameter("ControllerKey")] if is_home else [])})
        bucket = buckets.name(place.account, region)
        where = f"bucket {bucket}"
        judge = partial(buckets.faults, where, expected=expected, zips=zips)
        yield Check(where, partial(buckets.read, clients("s3", region), bucket, zips), judge)


def _drift(client: Any) -> Counter[str]:
    try:
        kinds = [one.kind for one in drift.found(client, TABLE, time.time())]
    except client.exceptions.ResourceNotFoundException:
        kinds = []  # that it is missing is said already
    return Counter(kind for kind in kinds if kind not in drift.NO_DRIFT)


def _of_drift(counted: Counter[str]) -> Iterator[Fault]:
    for kind, number in sorted(counted.items()):
        said = f"{number} {'finding' if number == 1 else 'findings'} of kind {kind}."
        yield fault("Drift", f"table {PREFIX}-grants", f"{said} Run `crossaccount drift --kind {kind}`.")
