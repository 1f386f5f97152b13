"""What stacks were ever allowed to declare is accepted for good, and is the same declaration as before.

A line of `corpus.jsonl` is never changed or taken away: a stack somewhere says it. Its id is what CloudFormation keeps as
PhysicalResourceId; another id for the same properties would be another grant.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.core.declarations import declared
from provider.core.identifiers import AccountId
from provider.core.properties import GUARD, RESOURCE_TYPES, schema, validate
from provider.core.requests import parse

CORPUS = [json.loads(line) for line in Path(__file__).with_name("corpus.jsonl").read_text().splitlines()]
_KINDS = {"integer": int, "string": str, "array": list, "boolean": bool}


@pytest.mark.parametrize("line", CORPUS, ids=lambda line: line["id"] or "guard")
def test_what_was_ever_accepted_is_accepted_and_means_the_same_declaration(line: Any) -> None:
    event = {
        "RequestType": "Create",
        "StackId": f"arn:aws:cloudformation:us-east-1:{line['account']}:stack/corpus/0d1c",
        "LogicalResourceId": "Corpus",
        "ResourceType": line["type"],
        "ResourceProperties": line["properties"],
    }
    account = AccountId(line["account"])
    validate(line["type"], line["properties"])
    if line["type"] == GUARD:  # it declares nothing
        return
    item = {"account": account, "request": "r", "event": json.dumps(event), "issuedAt": "20261125T000000Z"}
    assert declared(parse(item, account)).id == line["id"]


def shapes(resource_type: str) -> Iterator[tuple[str, Any]]:
    """What a schema lets a property be: each value of an enumeration, each type otherwise."""
    for name, rules in schema(resource_type)["properties"].items():
        inner = rules.get("items", rules)
        if "enum" in inner:
            yield from ((name, repr(value)) for value in inner["enum"])
        else:
            kinds = rules["type"]
            yield from ((name, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def is_said(name: str, shape: str, value: Any) -> bool:
    if shape in _KINDS:
        return type(value) is _KINDS[shape]
    return shape in map(repr, value if isinstance(value, list) else [value])


@pytest.mark.parametrize("resource_type", [*RESOURCE_TYPES, GUARD])
def test_every_property_of_the_schemas_is_in_the_corpus_in_each_shape(resource_type: str) -> None:
    said = [line["properties"] for line in CORPUS if line["type"] == resource_type]
    missing = [
        (name, shape)
        for name, shape in shapes(resource_type)
        if not any(is_said(name, shape, one[name]) for one in said if name in one)
    ]
    assert missing == [], "add lines to corpus.jsonl that say these"
