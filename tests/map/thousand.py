"""A map of many grants, made up without a ledger: some accounts hold much, and one target is used by nearly everybody."""

from dataclasses import replace

from provider.cli.listings import GrantLine, TargetLine
from provider.cli.mapping import PermissionMap, Seen
from provider.cli.policies import PolicyLine, StatementLine

OWNERS, TARGETS, ACCOUNTS = 12, 40, 300
STATES = ("InForce",) * 17 + ("Suspended", "Obstructed", "Wanted")
TYPE = "InvokeFunction"


def many(number: int = 1_000) -> PermissionMap:
    """So many grants, on targets of several owners."""
    grants = [_grant(index) for index in range(number)]
    targets = [_target(index) for index in range(TARGETS)]
    held = {target.target: [one for one in grants if one.target == target.target] for target in targets}
    statements = [_statement(target, held[target.target]) for target in targets if held[target.target]]
    policies = [
        PolicyLine(one.arns[0], one.arns, min(20_000, 300 + 70 * len(held[one.target])), 20_480, raisable=False)
        for one in targets
    ]
    seen = Seen("c15600d0", "2026-11-21T09:22:00Z", "")
    return PermissionMap.of(targets, grants, statements, policies, seen)


def few() -> PermissionMap:
    """The first five of them, on the five targets that they are on."""
    drawn = many(5)
    used = {one.target for one in drawn.grants}
    return replace(drawn, targets=tuple(one for one in drawn.targets if one.target in used))


def _target(index: int) -> TargetLine:
    owner = f"9{index % OWNERS:011d}"
    arn = f"arn:aws:lambda:eu-west-1:{owner}:function:service-{index}:live"
    stack = f"arn:aws:cloudformation:eu-west-1:{owner}:stack/service-{index}/0d1c"
    return TargetLine(
        f"{owner}/service-{index}", "default", owner, "Published", "function", (arn,), (TYPE,), ("organization",), 0, 0,
        "2025-01-01T00:00:00Z", stack, "Target",
    )  # fmt: skip


def _grant(index: int) -> GrantLine:
    target = _target(0 if index % 3 == 0 else index % TARGETS)
    account = f"1{index % ACCOUNTS if index % 5 else index % 10:011d}"
    state = STATES[index % len(STATES)]
    why = "" if state == "InForce" else "not in force yet"
    since = f"2026-{1 + index % 10:02d}-{1 + index % 28:02d}T08:00:00Z" if state == "InForce" else ""
    stack = f"arn:aws:cloudformation:eu-west-1:{account}:stack/team-{index % 77}/0d1c"
    return GrantLine(
        target.target, "default", account, TYPE, state, why, since, "", target.arns[0], (), stack, f"Permission{index}",
        f"grant-{index:032x}",
    )  # fmt: skip


def _statement(target: TargetLine, held: list[GrantLine]) -> StatementLine:
    names = {one.id: (f"arn:aws:iam::{one.account}:root",) for one in held}
    document = {
        "Sid": f"CrossAccountc15600d0{TYPE}0123456789abcdef",
        "Effect": "Allow",
        "Principal": {"AWS": sorted({name for own in names.values() for name in own})},
        "Action": "lambda:InvokeFunction",
        "Resource": target.arns[0],
    }
    return StatementLine(target.arns[0], str(document["Sid"]), True, document, names)  # noqa: FBT003 - it stands
