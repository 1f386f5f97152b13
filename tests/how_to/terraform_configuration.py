"""The example's main.tf, read by a parser of HCL, and what Terraform's AWS provider would send for its one resource.

It knows the references that the example makes and fails on any other expression, so nothing is read that is not written there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import hcl2
from hcl2.utils import SerializationOptions
from rolled_out import EXAMPLES

MAIN = EXAMPLES / "terraform" / "main.tf"
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SOURCES = {
    "data.aws_caller_identity.current.account_id": "111111111111",
    "data.aws_partition.current.partition": "aws",
    "data.aws_region.current.region": "us-east-1",
}


@dataclass(frozen=True)
class Configuration:
    """The example with these variables, in a workspace."""

    variables: Mapping[str, Any]
    workspace: str = "default"

    @property
    def resource(self) -> dict[str, Any]:
        """The one resource, evaluated; its `input` is the object that `jsonencode` is given."""
        (found,) = blocks("resource")
        ((kind, named),) = found.items()
        ((name, body),) = named.items()
        assert (kind, name) == ("aws_lambda_invocation", "orders_permission")
        encoded = re.fullmatch(r"\$\{jsonencode\((local\.\w+)\)\}", body["input"])
        assert encoded, body["input"]
        rest = {key: self.value(value) for key, value in body.items() if key not in {"input", "__is_block__"}}
        return {**rest, "input": self.reference(encoded[1])}

    @property
    def input(self) -> dict[str, Any]:
        """What the resource hands over, before Terraform adds anything."""
        found: dict[str, Any] = self.resource["input"]
        return found

    def value(self, written: Any) -> Any:
        """A value as it is written, evaluated."""
        if isinstance(written, list):
            return [self.value(one) for one in written]
        if isinstance(written, dict):
            return {key: self.value(one) for key, one in written.items()}
        if not isinstance(written, str):
            return written
        whole = _REFERENCE.fullmatch(written)
        return self.reference(whole[1]) if whole else _REFERENCE.sub(lambda found: self.reference(found[1]), written)

    def reference(self, name: str) -> Any:
        """What a reference stands for."""
        if name == "terraform.workspace":
            return self.workspace
        if name in _SOURCES:
            return _SOURCES[name]
        kind, _, rest = name.partition(".")
        if kind == "local":
            return self.value({key: value for each in blocks("locals") for key, value in each.items()}[rest])
        assert kind == "var", name
        if rest in self.variables:
            return self.variables[rest]
        return self.value({key: one for each in blocks("variable") for key, one in each.items()}[rest]["default"])


def blocks(kind: str) -> list[dict[str, Any]]:
    """The blocks of a kind, as they are written."""
    options = SerializationOptions(strip_string_quotes=True)
    found: list[dict[str, Any]] = hcl2.loads(MAIN.read_text("utf-8"), serialization_options=options)[kind]
    return found


def sent(action: str, asked: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the AWS provider makes of an input with lifecycle_scope CRUD (docs/aws-behaviour.md §5)."""
    return {**asked, "tf": {"action": action, "prev_input": dict(before) if before is not None else None}}
