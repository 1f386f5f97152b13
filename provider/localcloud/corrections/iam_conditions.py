"""Policies are read and matched as IAM does it: variables, operators, actions and resources."""

from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, supplant
from provider.localcloud.corrections.policy_patterns import Reader, Values
from provider.localcloud.corrections.policy_statements import Statement, statements

_TEST = "tests/localcloud/test_iam_conditions.py"


def apply() -> None:
    """Replace how the base reads a policy and looks for a statement that matches."""
    supplant("core.iam_evaluator", "parse_policy_document", lambda _: statements)
    supplant("core.iam_evaluator", "_first_match", lambda _: first_match)


@behaviour(
    call="iam:policies",
    expected="`${aws:PrincipalAccount}` and all other variables are replaced in Resource and Condition, after the "
    "fifth colon of a Resource; `${key, 'default'}`, `${*}`, `${?}`, `${$}`; a variable without value matches nothing",
    source="docs/aws-behaviour.md §7; IAM User Guide, policy variables",
    test=f"{_TEST}::test_a_variable_without_value_matches_nothing",
)
@behaviour(
    call="iam:policies",
    expected="a policy whose Version is not 2012-10-17 has no variables: `${...}` is text",
    source="IAM User Guide, policy variables",
    test=f"{_TEST}::test_only_version_2012_knows_variables",
)
@behaviour(
    call="iam:policies",
    expected="ARN operators compare each of the six parts; a wildcard does not reach into the next",
    source="IAM User Guide, ARN condition operators",
    test=f"{_TEST}::test_arn_operators_compare_part_by_part",
)
@behaviour(
    call="iam:policies",
    expected="ForAllValues holds when the key is absent, ForAnyValue does not; Null tells",
    source="docs/aws-behaviour.md §7",
    test=f"{_TEST}::test_set_operators_and_absent_keys",
)
def first_match(context: Any, layer: list[Statement], effect: str) -> Statement | None:
    """Find the first statement of `effect` that is about the request in `context`."""
    reader = reader_of(context)
    for one in layer:
        if one.effect == effect and one.is_about(context.action, context.resource_arn, reader):
            return one
    return None


def reader_of(context: Any) -> Reader:
    """A reader that finds the keys of the request in `context`."""
    find = part("core.iam_evaluator")._resolve_condition_key  # noqa: SLF001 - the name the keys correction supplants

    def lookup(key: str) -> Values:
        value = find(key, context)
        return [str(one) for one in value] if isinstance(value, list | tuple) else value

    return Reader(lookup)
