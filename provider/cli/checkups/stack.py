"""The stack of the central parts: it stands, as this version's template makes it, and cannot be deleted by mistake."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from provider.cli.checkups.expected import Document, parsed
from provider.cli.checkups.faults import REVERT, UPGRADE, Fault, fault


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as CloudFormation tells it; `physical` are its resources' ids by logical id."""

    status: str
    protected: bool
    drift: str
    parameters: Mapping[str, str]
    physical: Mapping[str, str]
    template: Document


def where(name: str) -> str:
    """How the stack is called in faults."""
    return f"stack {name}"


def read(client: Any, name: str) -> Stack | None:
    """A stack; None where there is none."""
    try:
        found = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    resources = client.describe_stack_resources(StackName=name)["StackResources"]
    body = client.get_template(StackName=name)["TemplateBody"]
    return Stack(
        status=found["StackStatus"],
        protected=bool(found.get("EnableTerminationProtection")),
        drift=str(found.get("DriftInformation", {}).get("StackDriftStatus", "NOT_CHECKED")),
        parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in found.get("Parameters", [])},
        physical={one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in resources},
        template=parsed(body) if isinstance(body, str) else body,
    )


def faults(name: str, stack: Stack, template: Document) -> Iterator[Fault]:
    """What is wrong with the stack, where `template` is the one of this version."""
    place = where(name)
    if not stack.status.endswith("_COMPLETE") or "ROLLBACK" in stack.status:
        events = f"aws cloudformation describe-stack-events --stack-name {name}"
        remedy = "Wait for its end, or mend what its events name, and deploy again."
        yield fault("StackUnfinished", place, f"Its status is {stack.status} (`{events}`). {remedy}")
    if not stack.protected:
        call = f"aws cloudformation update-termination-protection --enable-termination-protection --stack-name {name}"
        yield fault("StackUnprotected", place, f"It is not protected from deletion. Run `{call}`.")
    if stack.drift == "DRIFTED":
        call = f"aws cloudformation describe-stack-resource-drifts --stack-name {name}"
        remedy = f"See what by `{call}`. {REVERT}"
        yield fault("StackDrifted", place, f"Somebody has changed its resources past it. {remedy}")
    if stack.template != template:
        yield fault("StackOutdated", place, f"Its template is another than this version's. {UPGRADE}")
