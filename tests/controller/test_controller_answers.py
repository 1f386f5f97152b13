"""The controller's answers within CloudFormation's limits, whatever the data (docs/aws-behaviour.md §5)."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import hypothesis.strategies as st
import pytest
from centre import CONSUMER, FUNCTION, OWNER, Centre, permission, target
from hypothesis import HealthCheck, given, settings

import provider.controller
import provider.core
from provider.controller.intake import Reach
from provider.core.answers import Answer
from provider.core.errors import REASON_LIMIT, CrossAccountError, Permanent, Temporary
from provider.core.identifiers import is_declaration_id
from provider.core.properties import RESOURCE_TYPES, schema
from provider.core.requests import RequestKey

DOCUMENT_LIMIT = 4096
ID_LIMIT = 1024

# --- reasons -------------------------------------------------------------------------------------------


def every_error() -> list[type[CrossAccountError]]:
    """All classes of the tree, wherever the controller defines them, but for the branches themselves."""
    for package in (provider.core, provider.controller):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return sorted(set(_below(CrossAccountError)) - {Permanent, Temporary}, key=lambda one: one.__name__)


def _below(branch: type[CrossAccountError]) -> Iterator[type[CrossAccountError]]:
    for one in branch.__subclasses__():
        yield one
        yield from _below(one)


def remedies() -> list[str]:
    """Every remedy that a schema gives."""
    return sorted({text for resource_type in RESOURCE_TYPES for text in _remedies(schema(resource_type))})


def _remedies(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key.endswith("remedy") and isinstance(value, str):
                yield value
            yield from _remedies(value)


HOSTILE = st.one_of(
    st.text(max_size=400),
    st.sampled_from(
        ["", "x" * 5_000, "\n" * 300, "'\"\\" * 200, "\ud800" * 99, "\U0001d54f" * 300, "${aws:x}", "%s {0} {name}"]
    ),
)
KNOWN = st.sampled_from([tuple(schema(one)["properties"]) for one in RESOURCE_TYPES] + [RESOURCE_TYPES])
FACTS: Mapping[str, st.SearchStrategy[Any]] = {
    "remedy": st.sampled_from(remedies()),
    "known": KNOWN,
    "account": st.from_regex(r"[0-9]{12}", fullmatch=True),  # proven by IAM
}
BY_TYPE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: HOSTILE,
    int: st.integers(0, 10**30),
    object: st.one_of(HOSTILE, st.none(), st.lists(HOSTILE, max_size=5), st.dictionaries(HOSTILE, HOSTILE, max_size=5)),
    tuple[str, ...]: st.lists(HOSTILE, max_size=30).map(tuple),
}


def made(one: type[CrossAccountError]) -> st.SearchStrategy[CrossAccountError]:
    """Any instance of a class of errors, by what its constructor asks for."""
    parameters = list(inspect.signature(one).parameters.values())
    facts = [FACTS.get(parameter.name, BY_TYPE.get(parameter.annotation)) for parameter in parameters]
    assert None not in facts, f"this test does not know what {one.__name__} is made of"
    return st.tuples(*[fact for fact in facts if fact is not None]).map(lambda values: one(*values))


@pytest.mark.parametrize("one", every_error(), ids=lambda one: one.__name__)
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_reason_is_short_enough_and_ends_with_its_whole_remedy(
    one: type[CrossAccountError], data: st.DataObject
) -> None:
    error = data.draw(made(one))
    assert len(str(error)) <= REASON_LIMIT
    assert str(error).endswith(f" {error.remedy}")
    assert error.remedy.endswith(".")


# --- the whole document --------------------------------------------------------------------------------


def document(answer: Answer, event: Mapping[str, Any], request_id: str) -> bytes:
    """What CloudFormation is sent; with every character escaped it is longest."""
    response = {
        "Status": answer.status,
        "Reason": answer.reason,
        "PhysicalResourceId": answer.physical_id,
        "StackId": event["StackId"],
        "RequestId": request_id,
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": False,
        "Data": dict(answer.data),
    }
    return json.dumps(response, separators=(",", ":")).encode("ascii")


def longest(request_type: str, partition: str, region: str) -> tuple[Centre, dict[str, Any]]:
    """A published target and a request for it in which everything is as long as CloudFormation and Lambda let it be."""
    function = f"arn:{partition}:lambda:{region}:{OWNER}:function:{'f' * 64}:{'a' * 128}"
    name, environment = "n" * 63, "e" * 63
    centre = Centre()
    centre.policies.create(function)
    offer = target(FunctionArn=function, Name=name, Environment=environment)
    owners = f"arn:{partition}:cloudformation:{region}:{OWNER}:stack/{'s' * 128}/{'0' * 36}"
    assert centre.ask(OWNER, {**offer.event("Create"), "StackId": owners}).status == "SUCCESS"
    wish = permission(
        Target=f"{OWNER}/{name}",
        Environment=environment,
        ApiId="a" * 30,
        AuthorizerIds=[f"{number:030}" for number in range(20)],
        Revision="r" * 128,
    )
    stack = f"arn:{partition}:cloudformation:{region}:{CONSUMER}:stack/{'s' * 128}/{'0' * 36}"
    return centre, {**wish.event(request_type), "StackId": stack, "LogicalResourceId": "L" * 255}


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws", "ap-southeast-1"),
        ("aws-us-gov", "us-gov-east-1"),
        ("aws-cn", "cn-northwest-1"),
        ("aws-iso-b", "us-isob-east-1"),
    ],
)
def test_the_longest_grant_fits_into_an_answer(partition: str, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("centre.REACH", Reach(partition, frozenset({region})))
    centre, event = longest("Create", partition, region)
    answer = centre.ask(CONSUMER, event)
    assert answer.status == "SUCCESS"
    assert len(answer.data["SourceArns"]) == 20
    assert len(document(answer, event, "0" * 36)) <= DOCUMENT_LIMIT


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.dictionaries(
        st.sampled_from(["Target", "ApiId", "GrantType", "APIID", "\U0001d54f" * 99]), HOSTILE, min_size=1
    )
)
def test_a_failure_fits_into_an_answer_whatever_was_asked(changes: dict[str, str]) -> None:
    centre, event = longest("Create", "aws", "us-east-1")
    event["ResourceProperties"] = {**event["ResourceProperties"], **changes}
    answer = centre.ask(CONSUMER, event)
    assert answer.status == "FAILED"
    assert answer.reason
    assert len(document(answer, event, "0" * 36)) <= DOCUMENT_LIMIT


# --- ids -----------------------------------------------------------------------------------------------

VALUES = st.one_of(
    HOSTILE,
    st.none(),
    st.integers(),
    st.booleans(),
    st.lists(HOSTILE, max_size=2),
    st.dictionaries(HOSTILE, HOSTILE, max_size=2),
)
FIELDS = ["RequestType", "StackId", "LogicalResourceId", "ResourceType", "ResourceProperties", "PhysicalResourceId"]


@settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    request_type=st.sampled_from(["Create", "Update", "Delete"]),
    known=st.one_of(st.none(), st.just(f"grant-{'0' * 32}"), st.just("orders-Permission-1A2B3C")),
    changes=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=2),
    issued_at=st.one_of(st.none(), HOSTILE),
)
def test_every_event_has_an_answer_with_an_id_whatever_it_says(
    request_type: str, known: str | None, changes: dict[str, Any], issued_at: str | None
) -> None:
    centre = Centre()
    centre.policies.create(FUNCTION)
    assert centre.ask(OWNER, target().event("Create")).status == "SUCCESS"
    key = centre.file(CONSUMER, {**permission().event(request_type, known), **changes}, issued_at)
    centre.handle(key)
    answer = centre.desk.answers[key]
    assert 0 < len(answer.physical_id) <= ID_LIMIT
    assert len(answer.reason) <= REASON_LIMIT
    assert bool(answer.reason) == (answer.status == "FAILED")


WRONG: Mapping[str, dict[str, Any]] = {
    "a wrong property": {"ResourceProperties": {"ServiceToken": "arn:token", "Target": "nobody"}},
    "another type": {"ResourceType": "Custom::CrossAccountNothing"},
}
UNREADABLE: Mapping[str, dict[str, Any]] = {
    "properties that are none": {"ResourceProperties": []},
    "another account's stack": {"StackId": f"arn:aws:cloudformation:us-east-1:{OWNER}:stack/orders/0d1c"},
    "no type": {"ResourceType": None},
}


IDS = ["grant-0123456789abcdef0123456789abcdef", "orders-Permission-1A2B3C"]


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("known", IDS)
@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_a_failed_update_or_delete_keeps_the_id_that_the_stack_knows(
    published: Centre, request_type: str, known: str, change: dict[str, Any]
) -> None:
    """Another id would have CloudFormation delete it, and with an id that is not of ours everything goes."""
    answer = published.ask(CONSUMER, {**permission().event(request_type, known), **change})
    assert answer.physical_id == known


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("known", IDS)
@pytest.mark.parametrize("request_type", ["Update", "Delete"])
def test_so_does_one_that_is_refused_as_a_whole(
    published: Centre, request_type: str, known: str, change: dict[str, Any]
) -> None:
    answer = published.ask(CONSUMER, {**permission().event(request_type, known), **change})
    assert (answer.status, answer.physical_id) == ("FAILED", known)


@pytest.mark.parametrize("change", [*WRONG.values(), *UNREADABLE.values()], ids=[*WRONG, *UNREADABLE])
def test_a_failed_create_has_an_id_that_is_not_of_our_form(published: Centre, change: dict[str, Any]) -> None:
    answer = published.ask(CONSUMER, {**permission().event("Create"), **change})
    assert answer.status == "FAILED"
    assert not is_declaration_id(answer.physical_id)


def test_an_update_on_which_the_controller_itself_fails_takes_nothing_away(published: Centre) -> None:
    """The stack rolls back and cleans up what the failure was answered with."""
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    key = published.file(CONSUMER, permission(ApiId="zzzzzzzzzz").event("Update", first))
    answer = answered_after_a_fault(published, key)
    assert (answer.status, answer.physical_id) == ("FAILED", first)
    if answer.physical_id != first:
        published.ask(CONSUMER, permission().event("Delete", answer.physical_id))
    assert published.sources() != []


def test_a_create_on_which_the_controller_itself_fails_has_an_id_that_is_not_of_our_form(published: Centre) -> None:
    key = published.file(CONSUMER, permission().event("Create"))
    assert not is_declaration_id(answered_after_a_fault(published, key).physical_id)


def answered_after_a_fault(centre: Centre, key: RequestKey) -> Answer:
    """The answer where the ledger fails in a way that nobody has thought of, until that is taken for the request's."""
    whole = centre.ledger.origin
    centre.ledger.origin = _fail  # type: ignore[method-assign]
    centre.handle(key)
    for _ in range(9):
        centre.clock.time += 60
        centre.round()
    centre.ledger.origin = whole  # type: ignore[method-assign]
    return centre.desk.answers[key]


def _fail(_origin: object) -> Any:
    raise RuntimeError("nobody has thought of this")
