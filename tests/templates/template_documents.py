"""The templates as data: parsed, their intrinsic functions resolved for one account and Region.

It knows only the intrinsic functions that the templates use, and fails on any other.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "templates"
PARTS = ("artifacts.yaml", "central.yaml", "account-roles.yaml", "account-provider.yaml", "organization.yaml")
EXAMPLES = (
    "examples/token-service.yaml",
    "examples/orders-api.yaml",
    "examples/orders-api-sam.yaml",
    "examples/orders-http-api.yaml",
    "examples/orders-websocket-api.yaml",
    "examples/orders-api-sam-other-region.yaml",
    "examples/orders-api-migrating.yaml",
    "examples/token-proxy.yaml",
    "examples/orders-rest-api.yaml",
    "examples/orders-reader.yaml",
    "examples/stock-http-api.yaml",
    "examples/stock-reader.yaml",
    "examples/private-api-owner.yaml",
    "examples/private-api-consumer.yaml",
    "examples/private-api-role-owner.yaml",
)
ALL = PARTS + EXAMPLES

ORGANIZATION = "o-localcloud"
CENTRAL = "222222222222"
# A partition of our own, so that an ARN with a literal `aws` shows.
PSEUDO = {
    "AWS::Partition": "aws-test",
    "AWS::AccountId": CENTRAL,
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
}
GIVEN = {
    "OrganizationId": ORGANIZATION,
    "CentralAccountId": CENTRAL,
    "ControllerKey": "controller-x86_64-0123456789abcdef.zip",
    "ProviderKey": "provider-0123456789abcdef.zip",
    "HomeRegion": "us-east-1",
    "OrganizationalUnitIds": ["ou-ab12-cdefgh34"],
    "Regions": ["us-east-1", "eu-west-1"],
    "RolesTemplateUrl": "https://bucket/templates/account-roles-0123456789abcdef.yaml",
    "ProviderTemplateUrl": "https://bucket/templates/account-provider-0123456789abcdef.yaml",
    "ConsumerAccountIds": ["111111111111"],
    "GrantTypes": ["Authorizer"],
    "Target": "333333333333/token-service",
    "ProxyFunctionArn": "arn:aws-test:lambda:us-east-1:222222222222:function:proxy",
    "StockUrl": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "ApiId": "a1b2c3d4e5",
}
_ABSENT = object()
_NAMED_BY = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
}
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")


def load(name: str) -> dict[str, Any]:
    """The template as it is written, with the long form of its intrinsic functions."""
    return yaml_parse((FOLDER / name).read_text(encoding="utf-8"))


def resolved(name: str, **given: Any) -> dict[str, Any]:
    """The template's resources as CloudFormation would make them, `given` over the values of `GIVEN`."""
    return Resolver(load(name), given).resources()


def outputs(name: str, **given: Any) -> dict[str, Any]:
    """The values of the template's outputs."""
    template = load(name)
    resolver = Resolver(template, given)
    return {key: resolver.value(one["Value"]) for key, one in template["Outputs"].items() if resolver.is_made(one)}


def text_values(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a document, with the keys that lead to it."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from text_values(value, (*path, str(key)))
    elif isinstance(node, list):
        for value in node:
            yield from text_values(value, path)
    elif isinstance(node, str):
        yield path, node


def _default(parameter: Mapping[str, Any]) -> Any:
    """A parameter's default value; a list, where it is one."""
    default = parameter["Default"]
    is_list = parameter["Type"] == "CommaDelimitedList"
    return [one for one in str(default).split(",") if one] if is_list else default


class Resolver:
    """Resolves one template. `Ref` and `GetAtt` of a resource give its name or `<logical id>` and the attribute."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self.template = template
        defaults = {name: _default(one) for name, one in template["Parameters"].items() if "Default" in one}
        self.values: dict[str, Any] = {**PSEUDO, **defaults, **GIVEN, **given}

    def resources(self) -> dict[str, Any]:
        """All resources that are made, by logical id."""
        made = {name: one for name, one in self.template["Resources"].items() if self.is_made(one)}
        return {name: self.value(resource) for name, resource in made.items()}

    def is_made(self, node: Mapping[str, Any]) -> bool:
        """Whether a resource or an output has no condition, or one that holds."""
        return "Condition" not in node or self._condition(node["Condition"])

    def value(self, node: object) -> Any:
        """A part of the template, resolved; what refers to AWS::NoValue is left out."""
        if isinstance(node, list):
            items = (self.value(item) for item in node)
            return [item for item in items if item is not _ABSENT]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            (name, argument), *_ = node.items()
            if name == "Ref" or name.startswith("Fn::") or (name == "Condition" and isinstance(argument, str)):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
        pairs = ((key, self.value(value)) for key, value in node.items())
        return {key: value for key, value in pairs if value is not _ABSENT}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _ABSENT
        if name in self.values:
            return self.values[name]
        resource = self.template["Resources"][name]
        own = resource["Properties"].get(_NAMED_BY.get(resource["Type"], ""), f"<{name}>")
        return self.value(own)

    def _getatt(self, argument: list[str] | str) -> str:
        logical_id, attribute = argument if isinstance(argument, list) else argument.split(".")
        assert logical_id in self.template["Resources"], f"GetAtt of a resource that is not there: {logical_id}"
        return f"<{logical_id}.{attribute}>"

    def _sub(self, argument: str | list[Any]) -> str:
        text, values = (argument, {}) if isinstance(argument, str) else argument

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in values:
                return str(self.value(values[name]))
            return str(self._getatt(name) if "." in name else self._ref(name))

        return _REFERENCE.sub(replace, text)

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self.value(then if self._condition(condition) else otherwise)

    def _condition(self, name: str) -> bool:
        return bool(self.value(self.template["Conditions"][name]))

    def _and(self, argument: list[Any]) -> bool:
        return all(self.value(argument))

    def _equals(self, argument: list[Any]) -> bool:
        left, right = self.value(argument)
        return bool(left == right)

    def _not(self, argument: list[Any]) -> bool:
        return not self.value(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        index, items = self.value(argument)
        return items[int(index)]

    def _join(self, argument: list[Any]) -> str:
        separator, items = self.value(argument)
        return str(separator).join(items)

    def _getazs(self, region: str) -> list[str]:
        return [f"{region or self.values['AWS::Region']}{zone}" for zone in "abc"]

    def _cidr(self, argument: list[Any]) -> list[str]:
        whole, count, bits = self.value(argument)
        return [str(one) for one in ip_network(whole).subnets(new_prefix=32 - int(bits))][: int(count)]

    def _split(self, argument: list[Any]) -> list[str]:
        separator, text = self.value(argument)
        return str(text).split(separator)
