"""Parameters that are lists."""

import pytest
from identities import refused
from stacks import Stack

from provider.localcloud import LocalCloud

TEMPLATE = {
    "Parameters": {
        "Rights": {
            "Type": "CommaDelimitedList",
            "Default": "Read",
            "AllowedValues": ["Read", "Write"],
            "ConstraintDescription": "must be Read, Write or both.",
        }
    },
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
}


def given(text: str) -> list[dict[str, str]]:
    return [{"ParameterKey": "Rights", "ParameterValue": text}]


@pytest.mark.parametrize("text", ["Read", "Read,Write", "Read, Write"])
def test_each_member_of_a_list_parameter_must_be_allowed(cloud: LocalCloud, text: str) -> None:
    assert Stack(cloud).create(TEMPLATE, Parameters=given(text)) == "CREATE_COMPLETE"


@pytest.mark.parametrize("text", ["Own", "Read,Own", ""])
def test_a_list_with_a_member_that_is_not_allowed_is_refused(cloud: LocalCloud, text: str) -> None:
    """In the parameter's own words."""
    with refused("ValidationError", "must be Read, Write or both."):
        Stack(cloud).create(TEMPLATE, Parameters=given(text))
