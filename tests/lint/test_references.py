"""What rules take a value to refer to."""

from typing import Any

import pytest

from provider.lint.templates import mentioned, referred


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Ref": "Api"}, ("Api", "")),
        ({"Fn::GetAtt": ["Lookup", "TargetArn"]}, ("Lookup", "TargetArn")),
        ({"Fn::GetAtt": "Lookup.TargetArn"}, ("Lookup", "TargetArn")),
        ({"Fn::Sub": "${Lookup.TargetArn}"}, ("Lookup", "TargetArn")),
        ({"Fn::Sub": "${ Api }"}, ("Api", "")),
        ({"Fn::Sub": "${Api}/x"}, None),
        ({"Fn::Sub": "${Api}${Stage}"}, None),
        ({"Fn::Sub": "${!Api}"}, None),
        ({"Fn::Sub": ""}, None),
        ({"Fn::Sub": ["${Api}", {}]}, None),
        ({"Ref": "Api", "Other": 1}, None),
        ("Api", None),
    ],
)
def test_a_lone_reference_is_known_in_all_its_forms(value: Any, found: tuple[str, str] | None) -> None:
    assert referred(value) == found


def test_whatever_is_referred_to_anywhere_is_mentioned() -> None:
    node = [{"Fn::Join": ["", [{"Ref": "A"}, {"Fn::Sub": ["${B.Arn}-${!C}-${D}", {"D": {"Fn::GetAtt": "E.Arn"}}]}]]}]
    assert set(mentioned(node)) == {"A", "B", "D", "E"}
