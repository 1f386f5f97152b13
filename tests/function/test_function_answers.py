"""Reasons and documents stay within CloudFormation's limits, whatever the centre says."""

import json
import operator
from typing import Any

import pytest
from function_twins import REQUEST, answered
from hypothesis import given
from hypothesis import strategies as st

from provider.function.answers import Answer, Status, answer_of, encoded, fitting
from provider.function.events import RequestId
from provider.function.failures import AnswerMalformed
from provider.function.reasons import LIMIT, brief

ANY_TEXT = st.text(st.characters(), max_size=2000) | st.text(st.sampled_from('"\\\n\x00é€😀\ud800 '), max_size=1500)


def body(**changes: Any) -> dict[str, Any]:
    """A response body as crhelper composes it."""
    names = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l", "PhysicalResourceId": "p"}
    return {"Status": "SUCCESS", "Reason": "", "Data": {}, "NoEcho": False, **names, **changes}


@given(ANY_TEXT)
def test_a_reason_is_at_most_256_characters_on_one_line_and_utf8(text: str) -> None:
    """Also of half surrogate pairs and of nothing but line breaks."""
    reason = brief(text)
    assert len(reason) <= LIMIT
    assert "\n" not in reason
    reason.encode()


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=200, max_size=2000))
def test_a_cut_reason_keeps_its_beginning_and_its_end(fact: str) -> None:
    """The remedy is last, and what a reader needs."""
    remedy = "Publish the target under this name, or correct the property Target."
    reason = brief(f"No target {fact}. {remedy}")
    assert reason.startswith("No target ")
    assert reason.endswith(remedy)


def test_a_reason_of_256_characters_is_left_alone() -> None:
    """Only what is longer is cut, and then to the full length."""
    assert brief("é" * 256) == "é" * 256
    assert len(brief("é" * 257)) == 256


@given(
    st.dictionaries(st.text(max_size=30), st.builds(operator.mul, ANY_TEXT, st.integers(1, 90)), max_size=4), ANY_TEXT
)
def test_a_document_is_at_most_4096_bytes_of_json(data: dict[str, str], text: str) -> None:
    """Bytes, not characters; one that would be longer is a failure that says so."""
    sent = fitting(body(Data=data, Reason=brief(text), PhysicalResourceId="grant-1"))
    document = encoded(sent)
    assert len(document) <= 4096
    read = json.loads(document)
    assert read["PhysicalResourceId"] == "grant-1"
    if len(encoded(body(Data=data, Reason=brief(text), PhysicalResourceId="grant-1"))) > 4096:
        assert (read["Status"], read["Data"]) == ("FAILED", {})
        assert "bytes long, and CloudFormation takes 4096" in read["Reason"]
    else:
        assert read["Status"] == "SUCCESS"


def test_the_limit_is_exact() -> None:
    """4096 bytes pass; one more does not. Two-byte characters count twice."""
    room = 4096 - len(encoded(body(Data={"x": ""})))
    exact = body(Data={"x": "é" * (room // 2) + "x" * (room % 2)})
    assert len(encoded(exact)) == 4096
    assert fitting(exact) == exact
    assert fitting(body(Data={"x": "é" * (room // 2) + "x" * (room % 2 + 1)}))["Status"] == "FAILED"


def test_an_answer_is_read_from_its_item() -> None:
    """And gives a direct caller CloudFormation's words."""
    item = answered("FAILED", reason="Not allowed. Ask the owner.")
    answer = answer_of(item, RequestId(REQUEST))
    assert answer == Answer(Status.FAILED, "Not allowed. Ask the owner.", "grant-1", {"GrantId": "grant-1"})
    assert answer.result() == {
        "Status": "FAILED",
        "Reason": "Not allowed. Ask the owner.",
        "PhysicalResourceId": "grant-1",
        "Data": {"GrantId": "grant-1"},
    }


@pytest.mark.parametrize(
    ("item", "attribute"),
    [
        ({}, "status"),
        ({"status": {"N": "1"}}, "status"),
        (answered("DONE"), "status"),
        (answered(physicalResourceId=""), "physicalResourceId"),
        ({**answered(), "physicalResourceId": {"S": ""}}, "physicalResourceId"),
        (answered(physicalResourceId="a\nb"), "physicalResourceId"),
        (answered(physicalResourceId="é" * 513), "physicalResourceId"),
        (answered("FAILED", reason=" "), "reason"),
        (answered(data="[]"), "data"),
        (answered(data="{"), "data"),
        (answered(data='{"x": NaN}'), "data"),
    ],
)
def test_a_malformed_answer_names_the_attribute(item: dict[str, Any], attribute: str) -> None:
    """So that a difference of versions is found at once."""
    with pytest.raises(AnswerMalformed, match=f"no proper {attribute}"):
        answer_of(item, RequestId(REQUEST))


def test_an_answer_may_leave_out_reason_and_data() -> None:
    """A success needs neither."""
    item = {"status": {"S": "SUCCESS"}, "physicalResourceId": {"S": "grant-1"}}
    assert answer_of(item, RequestId(REQUEST)) == Answer(Status.SUCCESS, "", "grant-1", {})
