"""The controller's function: the code, the role, the settings and the room that its stack says, in nobody else's reach."""

import base64
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provider.cli.checkups.expected import CONTROLLER, Document, Expected, meaning, policy, statements
from provider.cli.checkups.faults import REVERT, Fault, fault

WHERE = f"function {CONTROLLER}"
_INVOKERS = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction"}


@dataclass(frozen=True, slots=True)
class Function:
    """The function as Lambda tells it.

    `code` is the SHA-256 of its zip in hexadecimal, `layers` are the ARNs of those that run beside it; `reserved` is None without a
    reservation.
    """

    role: str
    code: str
    state: str
    environment: Document
    reserved: int | None = None
    signing: str = ""
    policy: Document | None = None
    handler: str = ""
    layers: tuple[str, ...] = ()


def read(client: Any) -> Function | None:
    """The function; None where there is none."""
    named = {"FunctionName": CONTROLLER}
    try:
        found = client.get_function_configuration(**named)
    except client.exceptions.ResourceNotFoundException:
        return None
    updated = found.get("LastUpdateStatus", "Successful")
    return Function(
        role=found["Role"],
        code=base64.b64decode(found["CodeSha256"]).hex(),
        state="Failed" if updated == "Failed" else str(found.get("State", "Active")),
        environment=found.get("Environment", {}).get("Variables", {}),
        reserved=client.get_function_concurrency(**named).get("ReservedConcurrentExecutions"),
        signing=str(client.get_function_code_signing_config(**named).get("CodeSigningConfigArn", "")),
        policy=_policy(client),
        handler=str(found.get("Handler", "")),
        layers=tuple(one["Arn"] for one in found.get("Layers", [])),
    )


def _policy(client: Any) -> Document | None:
    try:
        return policy(client.get_policy(FunctionName=CONTROLLER)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return None


def faults(function: Function | None, expected: Expected) -> Iterator[Fault]:
    """What is wrong with the function."""
    if function is None:
        yield fault("FunctionMissing", WHERE, f"It is not there: nothing is answered. {REVERT}")
        return
    yield from _made(function, expected)
    yield from _room(function, expected)
    yield from _reach(function, expected)


def _made(function: Function, expected: Expected) -> Iterator[Fault]:
    if function.state not in ("Active", "Pending"):
        yield fault("FunctionInactive", WHERE, f"Its state is {function.state}. {REVERT}")
    role = expected.place.role("controller")
    if function.role != role:
        yield fault("FunctionRole", WHERE, f"It runs under {function.role}, not {role}. {REVERT}")
    key = expected.parameter("ControllerKey")
    if not key.endswith(f"-{function.code[:16]}.zip"):
        said = f"Its code has the SHA-256 {function.code[:16]}…, which is not {key}'s."
        yield fault("FunctionCode", WHERE, f"{said} {REVERT}")
    wanted = expected.properties("ControllerFunction")
    if function.handler != wanted["Handler"] or function.layers:
        beside = f" with the layers {', '.join(function.layers)}" if function.layers else ""
        said = f"It runs {function.handler}{beside}, not {wanted['Handler']} alone."
        yield fault("FunctionCode", WHERE, f"{said} {REVERT}")
    settings = wanted["Environment"]["Variables"]
    if function.environment != settings:
        names = sorted({*settings, *function.environment})
        other = ", ".join(name for name in names if settings.get(name) != function.environment.get(name))
        yield fault("FunctionElsewhere", WHERE, f"Its settings are others than the stack's: {other}. {REVERT}")
    signing = wanted.get("CodeSigningConfigArn", "")
    if function.signing != signing:
        has, wants = function.signing or "none", signing or "none"
        yield fault("FunctionUnsigned", WHERE, f"Its code signing configuration is {has}, not {wants}. {REVERT}")


def _room(function: Function, expected: Expected) -> Iterator[Fault]:
    wanted = expected.parameter("ControllerReservedConcurrency")
    has = "" if function.reserved is None else str(function.reserved)
    if has != wanted:
        stopped = " (it is stopped)" if has == "0" else ""
        first = "Somebody may be restoring the ledger, or look into an incident: ask first. " if stopped else ""
        start = f"--reserved-concurrent-executions {wanted}" if wanted else ""
        call = f"aws lambda {'put' if wanted else 'delete'}-function-concurrency --function-name {CONTROLLER} {start}"
        said = f"Its reserved concurrency is {has or 'none'}{stopped}, not {wanted or 'none'}."
        yield fault("FunctionConcurrency", WHERE, f"{said} {first}Run `{call.strip()}`.")


def _reach(function: Function, expected: Expected) -> Iterator[Fault]:
    for statement in statements(function.policy or {}):
        said = {name: value for name, value in statement.items() if name not in ("Resource", "Condition")}
        of_schedule = f':rule/{expected.physical.get("Schedule", "")}"' in meaning(statement.get("Condition", {}))
        if meaning(said) != meaning(_INVOKERS) or not of_schedule:
            told = meaning(statement)
            sid = shlex.quote(str(statement.get("Sid", "?")))  # text of whoever has written it
            call = f"aws lambda remove-permission --function-name {CONTROLLER} --statement-id {sid}"
            remedy = f"Run `{call}`, and find out who has written it."
            yield fault("FunctionInReach", WHERE, f"Its resource policy lets in others: {told}. {remedy}")
