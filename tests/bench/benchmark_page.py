"""docs/benchmarks.md, from what was measured."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from goals import FOREVER, p99, rows
from wire import LATENCY, OWN_WORK, PARTITION

COMMAND = "make bench"

_REASONS = {
    "sts.AssumeRole": "provider: once per environment and hour; controller: a session narrowed to this one resource, kept for 13 minutes",
    "dynamodb.PutItem": "the provider files the request; the controller marks where a grant may stand before it can, commits the "
    "conclusion, puts the answer",
    "dynamodb.GetItem": "the provider looks for its answer; the controller asks whether there is one already, what the origin and its "
    "grant are, how many grants the account has",
    "dynamodb.Query": "what is published under the name; who is in quarantine (when asked, and anew by the pass); all that the pass is about",
    "dynamodb.TransactWriteItems": "origin, grant and count change together or not at all; what ends goes to the history",
    "dynamodb.UpdateItem": "the resource is wanted; its lease is taken, and given back; an API is undeployed, and its account's turn is taken",
    "dynamodb.DeleteItem": "the answered request goes",
    "eventbridge.PutEvents": "what became of the grant is told",
    "lambda.GetResourcePolicy": "how it stands, and after a write, whether it stands",
    "lambda.PutResourcePolicy": "the one write",
    "lambda.DeleteResourcePolicy": "the one write, where nothing remains",
    "lambda.GetAlias": "whether a function without a policy is there, and its revision",
    "api-gateway.GetRestApi": "how it stands, and after a write, whether it stands",
    "api-gateway.GetResources": "what a first or last statement would close or open",
    "api-gateway.UpdateRestApi": "the one write",
    "api-gateway.GetStage": "which deployment the stage serves, and whether it has a canary",
    "api-gateway.GetDeployment": "when that was made",
    "api-gateway.CreateDeployment": "the one deployment, where the owner lets us",
    "iam.GetRole": "how it stands, and after a write, whether it stands",
    "iam.UpdateAssumeRolePolicy": "the one write",
    "cloudformation.Put": "the answer to CloudFormation",
}


def page(measured: Mapping[str, Any], minutes: float) -> str:
    """The whole page."""
    parts = (
        _head(measured, minutes),
        _goals(measured),
        _bursts(measured),
        _density(measured),
        _calls(measured),
        _starts(measured),
        _large(measured),
    )
    return "\n".join(parts)


def _table(head: Sequence[str], lines: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """A table whose last columns, so many, are of numbers."""
    marks = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (head, marks, *lines))


def _head(measured: Mapping[str, Any], minutes: float) -> str:
    machine = "; ".join(f"{name} {text}" for name, text in measured["machine"].items())
    return f"""# Benchmarks

Written by `{COMMAND}`, whose measurements took {minutes:.0f} minutes, beside the demo and the tests, on: {machine}. Parts may have been measured in runs of their own. Nothing here is a timed test; what is exact is asserted in
`tests/bench`, `tests/core/test_policy_density.py` and the tests of the controller as well.

The baseline ([tests/bench/baseline.py](../tests/bench/baseline.py)) is what people write today: the stack's function assumes a role in the
owner's account, reads the policy, adds a statement, writes it and deploys; for a function it calls AddPermission. It remembers and locks
nothing, and repeats throttled calls for as long as Lambda lets it.
"""


def _goals(measured: Mapping[str, Any]) -> str:
    lines = [(one.goal, one.measured, "met" if one.met else f"**not met.** {one.why}") for one in rows(measured)]
    return f"## Goals\n\n{_table(('goal', 'measured', 'met'), lines)}\n"


def _bursts(measured: Mapping[str, Any]) -> str:
    lines = [_burst(one) for one in measured["bursts"]]
    head = (
        "grant type",
        "by",
        "stacks",
        "granted",
        "refused",
        "lost",
        "median",
        "p99",
        "last answer",
        "writes",
        "deployments",
        "AWS calls",
    )
    latencies = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in LATENCY.items())
    return f"""## A burst

![Permissions over time, and cost by the number of stacks](benchmarks/bursts.svg)

{_table(head, lines, 10)}

*Refused* includes those that ran out of time; *lost* were told of a success that the policy does not hold, or that no deployment has taken up since the last
write; times are in seconds since all have asked, *never* where CloudFormation has given up after {FOREVER:,.0f} s. *No leases* is a copy of the controller in which everybody holds every lease.

How this is played. The zips' entry functions run in threads, each stack's provider in a cold environment of its own and up to 40 controllers
(a new on-demand table's four shards, read in ten lanes each), and call the local cloud through its front door, under the deployed
roles with IAM enforced. Time is virtual: it passes only while all sleep, and what code computes costs a flat {OWN_WORK * 1000:.0f} ms per call.
AWS's rates hold as token buckets: API Gateway 10 calls/s with a burst of 40 and one deployment in five seconds, Lambda's
control plane 15/s ([aws-behaviour](aws-behaviour.md) §1, §3), DynamoDB {PARTITION["write"]:.0f} write and {PARTITION["read"]:.0f} read units/s of one partition key; an item in an
ongoing transaction cancels the next one. Latencies are assumed, the same for all (milliseconds, each call between three quarters and one and
a half times as long): {latencies}. A cold start is taken for 0.5 s (provider) and 1.2 s (controller). That AddPermission calls lose each other's
writes is not played, which favours the baseline.

What is asked. `ExecuteApi`: whole accounts, since a REST API's policy has no room for a thousand roles; up to 500 accounts, with several stacks
of each beyond that. `Authorizer`: one API per account, up to 250 accounts, beyond that several stacks of an account that ask for the same
API. So each policy could hold all of it, merged; the baseline's statements could not.
"""


def _burst(one: Mapping[str, Any]) -> tuple[object, ...]:
    seconds = one["seconds"]
    granted = sum(1 for at in seconds if at < FOREVER)
    median, most = (f"{at:.1f}" if at < FOREVER else "never" for at in (seconds[len(seconds) // 2], p99(seconds)))
    cost = (one["writes"], one["deployments"], f"{sum(one['calls'].values()):,}")
    lost = one["lost"] + one["unserved"]
    failed = sum(one["failed"].values())
    return (
        one["scene"],
        one["handler"],
        f"{one['size']:,}",
        f"{granted:,}",
        failed,
        lost,
        median,
        most,
        f"{one['answers'][-1]:.1f}",
        *cost,
    )


def _density(measured: Mapping[str, Any]) -> str:
    lines = [(one["what"], f"{one['limit']:,}", one["room"], one["baseline"]) for one in measured["density"]]
    return f"""## Room in policies

![Consumers in one policy](benchmarks/density.svg)

{_table(("consumers, all with the same scope", "characters", "room", "by hand"), lines, 3)}

*By hand* is a statement per grant, or, for whole accounts, one statement that lists their roots. That the brief forms mean the same is decided
by the evaluator of `tests/core`. Roles that invoke a function take more than by hand, because they are named by conditions and so survive
their recreation.
"""


def _calls(measured: Mapping[str, Any]) -> str:
    lines = [_called(one) for one in measured["calls"]]
    head = (
        "grant type",
        "event",
        "provider, cold",
        "provider, warm",
        "controller",
        "of these DynamoDB",
        "in the owner's account",
    )
    used = {name for one in measured["calls"] for name in (*one["cold"], *one["controller"])}
    reasons = [(f"`{name}`", reason) for name, reason in _REASONS.items() if name in used]
    return f"""## AWS calls of one event

{_table(head, lines)}

The controller's are those of a cold one; a warm one has its session with the owner's account already. The very first event of the warm
provider opens its session with the centre. The provider looks twice for its
answer here; it looks again after 0.15 s and then ever more rarely, every 2 s at most. After an Update that changes something CloudFormation sends
the Delete of what was replaced.

{_table(("call", "what for"), reasons)}

The hourly look at a resource: {_counted([name for name in measured["scheduled_look"] if "dynamodb" not in name])}, and five of DynamoDB's for each resource.
"""


def _called(one: Mapping[str, Any]) -> tuple[object, ...]:
    controller = one["controller"]
    of_dynamodb = [name for name in controller if name.startswith("dynamodb.")]
    of_owner = [name.partition(".")[2] for name in controller if name.startswith(("lambda.", "api-gateway.", "iam."))]
    return (
        one["grant_type"],
        one["operation"],
        len(one["cold"]),
        len(one["warm"]),
        len(controller),
        len(of_dynamodb),
        ", ".join(of_owner),
    )


def _counted(names: Iterable[str]) -> str:
    return ", ".join(f"{number} `{name}`" for name, number in Counter(names).items())


def _starts(measured: Mapping[str, Any]) -> str:
    found = measured["cold_starts"]
    lines = [
        (
            kind,
            f"{one['seconds'] * 1000:.0f} ms",
            f"{one['baseline'] * 1000:.0f} ms",
            f"{one['ratio']:.2f}",
            f"{one['passed']:.2f}",
        )
        for kind, one in found.items()
    ]
    runs = found["provider"]["runs"]
    return f"""## Cold starts

{_table(("function", "until its first call", "baseline", "ratio", "ratio by the wall clock"), lines, 4)}

Medians of {runs} starts in turn, of the processor's time; the baseline imports boto3 and creates a client of the service that the function calls first
(STS, DynamoDB). As in Lambda, the zip's code is compiled at each start and the runtime's libraries are not. Zips: {measured["zips"]["provider"]:,} and
{measured["zips"]["controller"]:,} bytes.
"""


def _large(measured: Mapping[str, Any]) -> str:
    found = measured["large"]
    lines = [
        (
            f"{one['grants']:,}",
            f"{one['accounts']:,}",
            f"{one['targets']:,}",
            f"{one['items']:,}",
            *_units(one["reconcile"]),
            *_units(one["grant"]),
        )
        for one in found["by_ledger"]
    ]
    by_resource = [(one["grants"], *_units(one["reconcile"]), *_units(one["grant"])) for one in found["by_resource"]]
    rounds = [
        (
            f"{one['grants']:,}",
            f"{one['round']['policy_calls']:,}",
            f"{one['round']['calls']:,}",
            *_units(one["round"]),
            f"{one['round']['peak'] / 2**20:.1f} MiB",
            *_units(one["look"]),
        )
        for one in found["by_ledger"]
    ]
    both = ("look: read", "written", "grant: read", "written")
    return f"""## Large organizations

![Read units and memory](benchmarks/large.svg)

In capacity units of DynamoDB, by the sizes of the items (DynamoDB Developer Guide: 4 KB a consistent read, 1 KB a write, twice in a transaction,
and one for each change of the index), with a hundred grants on each target; a *look* is a reconcile that finds nothing to change, a *grant* goes
from its request to its answer:

{_table(("grants in the ledger", "accounts", "targets", "items", *both), lines, 8)}

By the number of grants on one resource, in a ledger of that alone:

{_table(("grants on the resource", *both), by_resource, 5)}

A whole round, in which every resource is due (they are so once an hour, spread as they were last changed), and the round's look at fifty stacks, when all are due:

{_table(("grants in the ledger", "policies read", "calls of DynamoDB", "read", "written", "held at most", "stacks: read", "written"), rounds, 8)}

DynamoDB is the twin in `tests/controller/dynamodb_twin.py`, held to the ledger's contract tests; no policy was written in any of these rounds.
"""


def _units(cost: Mapping[str, Any]) -> tuple[str, str]:
    return tuple(f"{cost['units'].get(kind, 0):,.0f}" for kind in ("read", "write"))  # type: ignore[return-value]
