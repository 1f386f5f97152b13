"""DynamoDB's attribute values are as the AWS library makes and reads them, for all that is kept."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from provider.controller.attribute_values import attribute_value, plain_value

_LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text()
VALUES: st.SearchStrategy[Any] = st.recursive(
    _LEAVES | st.frozensets(st.text(), min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_is_written_and_read_as_by_the_aws_library(value: Any) -> None:
    written = attribute_value(value)
    assert plain_value(written) == TypeDeserializer().deserialize(written) == value
    assert plain_value(TypeSerializer().serialize(value)) == value


@pytest.mark.parametrize("value", [1.5, b"bytes", object()])
def test_what_is_not_kept_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        attribute_value(value)


@pytest.mark.parametrize("value", [{"B": b"bytes"}, {"NS": ["1"]}])
def test_what_is_not_kept_is_not_read(value: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        plain_value(value)
