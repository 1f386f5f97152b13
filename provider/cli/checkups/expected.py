"""What the centre should be: the templates of this version, worked out for the parameters that its stack has. Pure.

`doctor` has no second list of what a role or a bucket's policy says: a statement more in a template is one more here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

import yaml

from provider.cli.template_values import Values

Document = Mapping[str, Any]
PREFIX = "cross-account-permission"
CONTROLLER = f"{PREFIX}-controller"
TABLES = ("requests", "answers", "grants")


class _Loader(yaml.SafeLoader):
    """Reads a template with its short forms of functions as the long ones."""


def _long_form(loader: Any, name: str, node: yaml.Node) -> Mapping[str, Any]:
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def parsed(text: str) -> Document:
    """A template as data; JSON is YAML too."""
    found: Document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """The central account and its home Region."""

    account: str
    partition: str
    region: str

    def arn(self, service: str, named: str, *, regional: bool = True) -> str:
        """The ARN of something in it."""
        return f"arn:{self.partition}:{service}:{self.region if regional else ''}:{self.account}:{named}"

    def role(self, name: str) -> str:
        """The ARN of one of our roles."""
        return self.arn("iam", f"role/{PREFIX}/{PREFIX}-{name}", regional=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """A template's resources as they should be; `physical` are the ids that its `stack` has given to those without a name."""

    template: Document
    parameters: Mapping[str, str]
    place: Place
    stack: str = ""
    physical: Mapping[str, str] = field(default_factory=dict)

    def properties(self, logical_id: str) -> Document:
        """The properties of one resource."""
        found: Document = self._values().of(self.template["Resources"][logical_id]["Properties"])
        return found

    def parameter(self, name: str) -> str:
        """The value of a parameter, its default where the stack has none; "" where neither is."""
        declared = self.template["Parameters"].get(name, {})
        return str(self.parameters.get(name, declared.get("Default", "")))

    def _values(self) -> Values:
        return Values(self.template, self.parameters, {**self._pseudo(), **self._resources()})

    def _pseudo(self) -> Mapping[str, str]:
        suffix = "amazonaws.com.cn" if self.place.partition == "aws-cn" else "amazonaws.com"
        return {
            "AWS::AccountId": self.place.account,
            "AWS::Partition": self.place.partition,
            "AWS::Region": self.place.region,
            "AWS::StackName": self.stack,
            "AWS::URLSuffix": suffix,
        }

    def _resources(self) -> Mapping[str, str]:
        """What functions come to that name a resource of central.yaml."""
        known = dict(self.physical)
        for name in TABLES:
            logical = f"{name.capitalize()}Table"
            arn = self.place.arn("dynamodb", f"table/{PREFIX}-{name}")
            known |= {logical: f"{PREFIX}-{name}", f"{logical}.Arn": arn, f"{logical}.StreamArn": f"{arn}/stream/*"}
        return known | {
            "ArtifactBucket": f"{PREFIX}-{self.place.account}-{self.place.region}",
            "ControllerFunction": CONTROLLER,
            "ControllerFunction.Arn": self.place.arn("lambda", f"function:{CONTROLLER}"),
            "ControllerRole.Arn": self.place.role("controller"),
            "DeadLetterQueue.Arn": self.place.arn("sqs", f"{PREFIX}-dead-letters"),
            "Schedule.Arn": self.place.arn("events", f"rule/{self.physical.get('Schedule', '')}"),
        }


# --- policies compared -------------------------------------------------------------------------------


def statements(document: Document) -> list[Document]:
    """The statements of a policy, also where there is one alone."""
    found = document.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def policy(found: Any) -> Document:
    """A policy as boto3 has it, or as IAM sends it (docs/aws-behaviour.md §4)."""
    document: Document = json.loads(unquote(found)) if isinstance(found, str) else found
    return document


def meaning(statement: Document) -> str:
    """A statement in one form, however it is written: without its Sid, lists sorted, one and a list of one alike."""
    return json.dumps(_sorted({key: value for key, value in statement.items() if key != "Sid"}), sort_keys=True)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(one) for key, one in value.items()}
    if isinstance(value, list):
        several = sorted(json.dumps(_sorted(one), sort_keys=True) for one in value)
        return json.loads(several[0]) if len(several) == 1 else [json.loads(one) for one in several]
    return _any_stream(value) if isinstance(value, str) else value


def _any_stream(arn: str) -> str:
    """A stream's ARN without its time: whoever switches a table's stream off and on has another."""
    table, found, _ = arn.partition("/stream/")
    return f"{table}/stream/*" if found else arn
