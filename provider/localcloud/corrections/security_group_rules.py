# ruff: noqa: SLF001, ARG001 - a correction reaches into the base's private names, and has its handlers' signatures
"""Rules of a security group as resources of their own, which two groups need that name each other."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require

_PROVISIONERS = "services.cloudformation.provisioners"
_TYPES = {"AWS::EC2::SecurityGroupIngress": "IpPermissions", "AWS::EC2::SecurityGroupEgress": "IpPermissionsEgress"}
_Made = tuple[str, Mapping[str, Any]]
_Properties = dict[str, Any]


def apply() -> None:
    """Add the types."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS", "_ec2_sg_permissions")
    require("services.ec2", "_security_groups", "_strip_descriptions")
    for kind, direction in _TYPES.items():
        base._RESOURCE_HANDLERS[kind] = {
            "create": _adding(direction),
            "update": _changing(direction),
            "delete": _removing(direction),
        }


@behaviour(
    call="cloudformation:AWS::EC2::SecurityGroupEgress",
    expected="adds a rule to a security group that exists, as AWS::EC2::SecurityGroupIngress does, and takes it away again",
    source="CloudFormation Template Reference, AWS::EC2::SecurityGroupEgress, AWS::EC2::SecurityGroupIngress",
    test="tests/localcloud/test_vpc_resources.py::test_two_security_groups_may_name_each_other",
)
def _adding(direction: str) -> Callable[..., _Made]:
    def create(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
        rules = _rules(properties, direction)
        if rules is None:
            raise ValueError(f"The security group '{properties.get('GroupId')}' does not exist")
        rules.append(_rule(properties))
        rule = f"sgr-{secrets.token_hex(8)}0"
        return rule, {"Id": rule}

    return create


def _changing(direction: str) -> Callable[..., _Made]:
    add, remove = _adding(direction), _removing(direction)

    def update(physical_id: str, old: _Properties, new: _Properties, stack_name: str) -> _Made:
        remove(physical_id, old)
        add(physical_id, new, stack_name)
        return physical_id, {"Id": physical_id}

    return update


def _removing(direction: str) -> Callable[[str, _Properties], None]:
    def delete(physical_id: str, properties: _Properties) -> None:
        rules = _rules(properties, direction) or []
        bare = part("services.ec2")._strip_descriptions
        gone = next((rule for rule in rules if bare(rule) == bare(_rule(properties))), None)
        if gone is not None:
            rules.remove(gone)

    return delete


def _rules(properties: _Properties, direction: str) -> list[Any] | None:
    group = part("services.ec2")._security_groups.get(properties.get("GroupId"))
    return None if group is None else group.setdefault(direction, [])


def _rule(properties: _Properties) -> Any:
    (rule,) = part(_PROVISIONERS)._ec2_sg_permissions([dict(properties)])
    return rule
