"""E9101: the properties of our types, held to the schemas that the controller holds them to."""

import re
from collections.abc import Mapping
from typing import Any

from cfnlint.helpers import FUNCTIONS
from cfnlint.jsonschema import ValidationError, ValidationResult, Validator
from cfnlint.jsonschema._keywords_cfn import cfn_type
from cfnlint.rules.jsonschema.CfnLintJsonSchema import CfnLintJsonSchema

from provider.core.properties import GUARD
from provider.core.properties import schema as schema_of
from provider.lint.templates import OURS

_HELD = (*OURS, GUARD)


class CrossAccountProperties(CfnLintJsonSchema):
    """Properties of targets, permissions and lookups."""

    id = "E9101"
    shortdesc = "Properties of cross-account targets, permissions and lookups"
    description = "Checks the properties of our types against the schemas that the controller validates with"
    source_url = "docs/rules/E9101.md"
    tags = ["resources", "cross-account"]

    def __init__(self) -> None:
        super().__init__(keywords=[f"Resources/{name}/Properties" for name in _HELD], all_matches=True)

    def validate(self, validator: Validator, keywords: Any, instance: Any, schema: dict[str, Any]) -> ValidationResult:
        """The violations of the schema of the resource's own type."""
        del keywords, schema
        resource_type = _type_of(validator)
        if resource_type is None or not isinstance(instance, dict):
            return
        rules = _checked(schema_of(resource_type))
        ours = self.extend_validator(
            validator=validator.evolve(
                function_filter=validator.function_filter.evolve(
                    validate_dynamic_references=False, add_cfn_lint_keyword=False
                )
            ),
            schema=rules,
            context=validator.context.evolve(functions=list(FUNCTIONS), unresolvable_function_mode=True),
            validators={"type": cfn_type},
        )
        for found in ours.iter_errors(instance):
            if not _is_unsure(found):
                found.message = _sentence(rules, found)
                found.context, found.rule = [], self
                yield found


def _is_unsure(found: ValidationError) -> bool:
    """Whether only CloudFormation will know, or E9103 says it, whatever the values are.

    An identifier of Fn::ForEach stands in any text of its body as ${Name} or &{Name}; elsewhere E1029 has found it.
    """
    is_dynamic = isinstance(found.instance, str) and bool(_DYNAMIC.search(found.instance))
    is_included = isinstance(found.instance, dict) and "Fn::Transform" in found.instance
    is_unknown = is_included and found.validator in ("required", "anyOf")
    return is_dynamic or is_unknown or found.validator == "not" or bool(getattr(found, "unknown", False))


_DYNAMIC = re.compile(r"\{\{resolve:|[$&]\{")


def _type_of(validator: Validator) -> str | None:
    """The type of the resource whose properties are looked at."""
    path = list(validator.context.path.cfn_path)
    return str(path[1]) if len(path) > 1 and path[1] in _HELD else None


def _checked(node: Any) -> Any:
    """A schema without what is only for people and docs."""
    if isinstance(node, dict):
        return {key: _checked(value) for key, value in node.items() if key not in ("x-returns", "x-ref", "$schema")}
    return [_checked(one) for one in node] if isinstance(node, list) else node


def _sentence(rules: Mapping[str, Any], found: ValidationError) -> str:
    """What is wrong, and what to do instead, as the schema says."""
    steps = [str(step) for step in found.path if not str(step).startswith("Fn::") and not isinstance(step, int)]
    known = rules["properties"]
    name = next((step for step in steps if step in known), None)
    if found.validator == "required":
        missing = next(one for one in found.validator_value if one not in found.instance)
        return f"Property {missing} is missing. {known[missing]['x-remedy']}"
    if found.validator == "anyOf" and "x-remedy" in (found.schema or {}):
        return f"Property {found.schema['x-name']} is missing. {found.schema['x-remedy']}"
    remedy = known[name].get("items", {}).get("x-remedy", known[name]["x-remedy"]) if name else ""
    return f"{_short(found.message)}. {remedy}".strip()


def _short(text: str) -> str:
    """A message whose value is long, cut in its middle."""
    text = text.rstrip(".")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"


_LONGEST = 200
