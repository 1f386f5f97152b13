"""What the constructs hand to CDK, seen by a stand-in for aws-cdk-lib; `tests/how_to/test_cdk.py` uses the real one."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

OWN = "arn:…:lambda:…:…:function:cross-account-permission"
RETURNED = {
    "CrossAccountTarget": {"Name", "TargetArn", "TargetArns"},
    "CrossAccountPermission": {
        "GrantId", "TargetArn", "AuthorizerUri", "SourceArns", "InvokeUrl", "RoleArn", "DeploymentStatus", "DeploymentReason",
    },
    "CrossAccountTargetLookup": {"TargetArn", "AuthorizerUri", "InvokeUrl", "RoleArn"},
}  # fmt: skip


class CustomResource:
    """CDK's, as far as the constructs use it: keeps what it was made of, and tells which attribute was asked for."""

    def __init__(self, scope: object, construct_id: str, **made_of: Any) -> None:
        self.made_of = {"scope": scope, "id": construct_id, **made_of}
        self.read: list[str] = []

    def get_att_string(self, name: str) -> str:
        self.read.append(name)
        return f"<{name}>"

    def get_att(self, name: str) -> list[str]:
        return [self.get_att_string(name)]


class Stack:
    """CDK's, of whatever account and Region."""

    @classmethod
    def of(cls, _: object) -> "Stack":
        return cls()

    def format_arn(self, *, service: str, resource: str, resource_name: str, arn_format: str) -> str:
        assert arn_format == "colons"
        return f"arn:…:{service}:…:…:{resource}:{resource_name}"


@pytest.fixture
def constructs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module `provider.cdk.constructs`, on the stand-in."""
    library, base = ModuleType("aws_cdk"), ModuleType("constructs")
    seconds = type("Duration", (), {"seconds": staticmethod(lambda amount: f"{amount} s")})
    token = type("Token", (), {"as_list": staticmethod(list)})
    arn_format = type("ArnFormat", (), {"COLON_RESOURCE_NAME": "colons"})
    parts = {"CustomResource": CustomResource, "Stack": Stack, "Duration": seconds, "Token": token}
    for name, part in {**parts, "ArnFormat": arn_format}.items():
        setattr(library, name, part)
    base.Construct = object
    for name, module in (("aws_cdk", library), ("constructs", base)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "provider.cdk.constructs", raising=False)
    yield importlib.import_module("provider.cdk.constructs")
    sys.modules.pop("provider.cdk.constructs", None)


@pytest.mark.parametrize("resource_type", RETURNED)
def test_a_construct_is_a_custom_resource_of_its_type(constructs: Any, resource_type: str) -> None:
    """With the account's own provider function, and time enough for its answer."""
    made = getattr(constructs, resource_type)("stack", "Here", name="orders", revision="2")
    assert made.made_of == {
        "scope": "stack",
        "id": "Here",
        "resource_type": f"Custom::{resource_type}",
        "service_token": OWN,
        "service_timeout": "300 s",
        "properties": {"Name": "orders", "Revision": "2"},
    }


def test_who_answers_and_for_how_long_can_be_told(constructs: Any) -> None:
    made = constructs.CrossAccountPermission("stack", "Here", service_token="arn:mine", service_timeout=60)
    assert (made.made_of["service_token"], made.made_of["service_timeout"]) == ("arn:mine", "60 s")
    assert made.made_of["properties"] == {}


@pytest.mark.parametrize("resource_type", RETURNED)
def test_each_attribute_is_one_that_the_answer_has_and_none_is_missing(constructs: Any, resource_type: str) -> None:
    """Under its Python name."""
    made = getattr(constructs, resource_type)("stack", "Here")
    names = {name for each in type(made).__mro__ for name, value in vars(each).items() if isinstance(value, property)}
    for name in names:
        value = getattr(made, name)
        (read,) = set(made.read)
        made.read.clear()
        assert value in (f"<{read}>", [f"<{read}>"])
        assert name == (
            "target_name" if read == "Name" else "".join(f"_{c.lower()}" if c.isupper() else c for c in read)[1:]
        )
        assert read in RETURNED[resource_type]
    assert len(names) == len(RETURNED[resource_type])
