"""What a template's values come to before it is deployed: pure, and honest about what only the deployment tells."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

NO_VALUE = object()
"""What `AWS::NoValue` comes to: as if the property were not there."""
_MOST = 100_000
_REFERENCE = re.compile(r"\$\{(!?)([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known after deployment only, or to somebody else; `what` says where it comes from."""

    what: str


@dataclass
class Values:
    """The values of one template, for parameters as given (or their defaults) and pseudo parameters as they will be.

    `pseudo` may also have what is known of resources: by logical id what `Ref` comes to, by `Id.Attribute` what `GetAtt` does.
    """

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    pseudo: Mapping[str, str]
    _asked: set[str] = field(default_factory=set)
    _parts: int = 0

    def of(self, node: Any) -> Any:
        """A value with its functions worked out; `Unknown` where, or within which, something is not known."""
        self._parts += 1
        if self._parts > _MOST:  # aliases of aliases of YAML
            return Unknown(f"more than {_MOST} parts")
        if isinstance(node, Mapping):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
                    return _FUNCTIONS.get(name, _of_deployment)(self, argument)
            found = {str(name): self.of(value) for name, value in node.items()}
            return {name: value for name, value in found.items() if value is not NO_VALUE}
        if isinstance(node, list):
            return [value for value in map(self.of, node) if value is not NO_VALUE]
        if isinstance(node, str) and "{{resolve:" in node:
            return Unknown("a dynamic reference")
        return node

    def holds(self, condition: Any) -> bool | Unknown:
        """Whether a condition of the template, by its name, holds."""
        conditions = self.template.get("Conditions")
        written = conditions.get(condition) if isinstance(conditions, Mapping) else None
        if written is None or condition in self._asked:
            return Unknown(f"condition {condition}")
        self._asked.add(condition)
        found = self.of(written)
        self._asked.discard(condition)
        return found if isinstance(found, bool | Unknown) else Unknown(f"condition {condition}")

    def parameter(self, name: str) -> Any:
        """A parameter's value; a list where it is of a type that holds one."""
        declared = self.template.get("Parameters")
        parameter = declared.get(name) if isinstance(declared, Mapping) else None
        if not isinstance(parameter, Mapping):
            return Unknown(f"Ref {name}")
        kind = str(parameter.get("Type", "String"))
        value = self.parameters.get(name, parameter.get("Default"))
        if value is None:
            return Unknown(f"parameter {name}")
        if kind.startswith("AWS::SSM::"):
            return Unknown(f"parameter {name} of SSM")
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in str(value).split(",")] if value != "" else []
        return text(value)


def text(value: Any) -> Any:
    """A scalar as CloudFormation sends it: as text, `true` and `false` for truth."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def unknown(value: Any) -> Unknown | None:
    """What is unknown in a value, the first of it; None where all is known."""
    if isinstance(value, Unknown):
        return value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((found for found in map(unknown, parts) if found), None)


def _of_deployment(_: Values, argument: Any) -> Any:
    """A function that is worked out by CloudFormation alone."""
    return Unknown(" ".join(map(str, argument)) if isinstance(argument, list) else str(argument))


def _ref(values: Values, name: Any) -> Any:
    if name == "AWS::NoValue":
        return NO_VALUE
    return values.pseudo[name] if name in values.pseudo else values.parameter(str(name))


def _get_att(values: Values, argument: Any) -> Any:
    name = ".".join(map(str, argument)) if isinstance(argument, list) else str(argument)
    return values.pseudo.get(name, Unknown(f"GetAtt {name}"))


def _if(values: Values, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        return Unknown("Fn::If")
    held = values.holds(argument[0])
    return held if isinstance(held, Unknown) else values.of(argument[1 if held else 2])


def _sub(values: Values, argument: Any) -> Any:
    written, own = (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(written, str) or not isinstance(own, Mapping):
        return Unknown("Fn::Sub")
    missing: list[Unknown] = []

    def replaced(match: re.Match[str]) -> str:
        name = match[2].strip()
        if match[1]:
            return f"${{{name}}}"
        found = values.of(own[name]) if name in own else _ref(values, name)
        found = Unknown(f"GetAtt {name}") if isinstance(found, Unknown) and "." in name else found
        if isinstance(found, str | int | float):
            return str(text(found))
        missing.append(found if isinstance(found, Unknown) else Unknown(name))
        return ""

    said = _REFERENCE.sub(replaced, written)
    return missing[0] if missing else said


def _join(values: Values, argument: Any) -> Any:
    parts = values.of(argument)
    lost = unknown(parts)
    if lost or not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[1], list):
        return lost or Unknown("Fn::Join")
    return str(parts[0]).join(str(text(part)) for part in parts[1])


def _split(values: Values, argument: Any) -> Any:
    parts = values.of(argument)
    lost = unknown(parts)
    if lost or not isinstance(parts, list) or len(parts) != 2 or not parts[0]:
        return lost or Unknown("Fn::Split")
    return str(parts[1]).split(str(parts[0]))


def _select(values: Values, argument: Any) -> Any:
    parts = values.of(argument)
    if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[1], list) and str(parts[0]).isdecimal():
        index = int(parts[0])
        return parts[1][index] if index < len(parts[1]) else Unknown("Fn::Select")
    return unknown(parts) or Unknown("Fn::Select")


def _find_in_map(values: Values, argument: Any) -> Any:
    keys = values.of(argument)
    lost = unknown(keys)
    found: Any = values.template.get("Mappings")
    for key in keys if isinstance(keys, list) and not lost else [None]:
        found = found.get(key) if isinstance(found, Mapping) and isinstance(key, str) else None
    return lost or (Unknown("Fn::FindInMap") if found is None else found)


def _equals(values: Values, argument: Any) -> Any:
    sides = values.of(argument)
    lost = unknown(sides)
    if lost or not isinstance(sides, list) or len(sides) != 2:
        return lost or Unknown("Fn::Equals")
    return text(sides[0]) == text(sides[1])


def _all(values: Values, argument: Any) -> Any:
    return _decided(values, argument, by=False)


def _any(values: Values, argument: Any) -> Any:
    return _decided(values, argument, by=True)


def _decided(values: Values, argument: Any, *, by: bool) -> Any:
    """And, or Or: one that says `by` decides, whatever the others come to."""
    found = values.of(argument)
    if isinstance(found, list) and any(one is by for one in found):
        return by
    return unknown(found) or not by


def _not(values: Values, argument: Any) -> Any:
    found = values.of(argument)
    return (
        not found[0] if isinstance(found, list) and len(found) == 1 and isinstance(found[0], bool) else unknown(found)
    )


_FUNCTIONS: Mapping[str, Callable[[Values, Any], Any]] = {
    "Ref": _ref,
    "Condition": Values.holds,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::FindInMap": _find_in_map,
    "Fn::Equals": _equals,
    "Fn::And": _all,
    "Fn::Or": _any,
    "Fn::Not": _not,
}
