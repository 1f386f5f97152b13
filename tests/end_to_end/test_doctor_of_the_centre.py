"""`crossaccount doctor --centre` finds nothing in a centre as it is rolled out, and exactly what is broken in one that is not.

One centre serves all: each test breaks it in one way and mends it again. What the local cloud cannot be made to tell is said
to the judgement alone, in place of what it told of the sound centre.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest
from broken_centre import BREAKS, BUCKET, CENTRAL, FUNCTION, NAME, REGION, TABLES, TEMPLATE, TOPIC, Centre
from identities import allow, become, policy, someone
from kept_session import Answers, KeptSession

from provider.cli.checkups import controller, stack, tables, waking
from provider.cli.checkups.expected import Expected, Place, parsed
from provider.cli.checkups.faults import KINDS, Fault
from provider.cli.main import run
from provider.cli.organization import organization

AUDITOR = f"arn:aws:iam::{CENTRAL}:role/cross-account-permission/cross-account-permission-auditor"
DENYING = {
    "cloudformation": [f"stack {NAME}"],
    "dynamodb": [*(f"table {name}" for name in TABLES), "mapping of the requests' stream", "ledger"],
    "lambda": ["mapping of the requests' stream", FUNCTION],
    "events": ["schedule"],
    "sqs": ["queue cross-account-permission-dead-letters"],
    "iam": [f"role cross-account-permission-{name}" for name in ("request", "reader", "auditor", "controller")],
    "cloudwatch": ["alarms"],
    "s3": [f"bucket {BUCKET}"],
}
"""What cannot be looked at by who may not call a service."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with organization(tmp_path_factory.mktemp("centre"), accounts={"central": CENTRAL}) as cloud:
        answers: Answers = {}
        auditor = KeptSession(become(cloud, AUDITOR), REGION, answers)
        made = Centre(cloud, auditor, KeptSession(someone(cloud, "central", allow("*")), REGION, answers))
        made.deploy(AlarmTopicArn=TOPIC)
        yield made


Found = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def found(centre: Centre, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Found:
    """What the command finds, as the auditor: kinds and where."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", centre.cloud.endpoint)

    def look(*options: str, session: KeptSession = centre.auditor) -> list[tuple[str, str]]:
        monkeypatch.setattr("boto3.Session", lambda **_: session)
        code = run(["doctor", "--centre", "--output", "json", *options])
        said = capsys.readouterr()
        lines = json.loads(said.out)
        assert code == (1 if lines else 0), said.err
        assert_told(Fault(**line) for line in lines)
        return [(line["kind"], line["where"]) for line in lines]

    return look


def assert_told(faults: Iterable[Fault]) -> None:
    """By kind and weight, in a sentence that ends with what to do."""
    for one in faults:
        assert one.severity == KINDS[one.kind]
        remedy = ("un `", "have it allowed", "docs/operations.md", "Look at", "Wait for its end", "find out")
        assert any(word in one.what for word in remedy), one.what
        assert one.what.endswith("."), one.what


def test_a_centre_that_is_rolled_out_has_no_fault(found: Found) -> None:
    """As its auditor sees it, who may read all that is looked at and nothing more."""
    assert found() == []


@pytest.mark.parametrize(("kind", "where", "way"), BREAKS)
def test_a_centre_that_is_broken_in_one_way_has_that_fault(
    centre: Centre, found: Found, kind: str, where: str, way: str
) -> None:
    with BREAKS[kind, where, way](centre) as session:
        assert found(session=session) == [(kind, where)]


def test_a_region_without_its_bucket(found: Found) -> None:
    assert found("--region", "eu-west-1") == [("BucketMissing", f"bucket cross-account-permission-{CENTRAL}-eu-west-1")]


@pytest.mark.parametrize("service", DENYING)
def test_what_may_not_be_read_is_unknown_and_the_rest_is_looked_at(centre: Centre, found: Found, service: str) -> None:
    denied = policy(allow("*"), {"Effect": "Deny", "Action": f"{service}:*", "Resource": "*"})
    expected = [("Unknown", where) for where in DENYING[service]]
    who = KeptSession(become(centre.cloud, AUDITOR, Policy=denied), REGION, centre.auditor.answers)
    who.changed = {service}
    assert sorted(found(session=who)) == sorted(expected)


# --- what the local cloud does not tell ---------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(centre: Centre) -> stack.Stack:
    read = stack.read(centre.client("cloudformation"), NAME)
    assert read is not None
    return read


@pytest.fixture(scope="module")
def expected(sound: stack.Stack) -> Expected:
    return Expected(parsed(TEMPLATE), sound.parameters, Place(CENTRAL, "aws", REGION), NAME, sound.physical)


def kinds(faults: Iterable[Fault]) -> list[str]:
    told = list(faults)
    assert_told(told)
    return [one.kind for one in told]


@pytest.mark.parametrize(
    "status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE"]
)
def test_a_stack_that_has_not_come_to_its_end(sound: stack.Stack, status: str) -> None:
    assert kinds(stack.faults(NAME, replace(sound, status=status), parsed(TEMPLATE))) == ["StackUnfinished"]


def test_a_stack_of_which_drift_was_detected(sound: stack.Stack) -> None:
    assert kinds(stack.faults(NAME, replace(sound, drift="DRIFTED"), parsed(TEMPLATE))) == ["StackDrifted"]


def test_a_table_that_is_not_encrypted_as_the_stack_says(centre: Centre, expected: Expected) -> None:
    read, key = tables.read(centre.client("dynamodb"), "grants"), "arn:aws:kms:us-east-1:222222222222:key/1"
    assert read is not None
    assert kinds(tables.faults("grants", replace(read, key=key), expected)) == ["TableEncryption"]
    keyed = replace(expected, parameters={**expected.parameters, "KmsKeyArn": key})
    assert kinds(tables.faults("grants", read, keyed)) == ["TableEncryption"]
    assert kinds(tables.faults("grants", replace(read, key=key), keyed)) == []


def test_a_mapping_whose_batches_fail(centre: Centre, expected: Expected) -> None:
    read = waking.read_mapping(centre.client("lambda"), expected.physical["RequestsEventSource"])
    assert read is not None
    told = replace(read, last="PROBLEM: Function call failed")
    assert kinds(waking.of_mapping(told, read.stream, read.function)) == ["MappingFailing"]
    assert kinds(waking.of_mapping(replace(read, last="No records processed"), read.stream, read.function)) == []


@pytest.mark.parametrize("stream", ["", "arn:aws:dynamodb:us-east-1:222222222222:table/x/stream/another"])
def test_a_mapping_of_a_stream_that_the_table_has_no_more(centre: Centre, expected: Expected, stream: str) -> None:
    """The table was restored, or its stream was switched off."""
    read = waking.read_mapping(centre.client("lambda"), expected.physical["RequestsEventSource"])
    assert read is not None
    assert kinds(waking.of_mapping(read, stream, read.function)) == ["MappingElsewhere"]


def test_a_function_that_cannot_run_or_is_not_signed(centre: Centre, expected: Expected) -> None:
    read = controller.read(centre.client("lambda"))
    assert read is not None
    assert kinds(controller.faults(replace(read, state="Failed"), expected)) == ["FunctionInactive"]
    assert kinds(controller.faults(replace(read, signing="arn:csc"), expected)) == ["FunctionUnsigned"]
    signed = {**expected.parameters, "CodeSigningConfigArn": "arn:csc"}
    assert kinds(controller.faults(read, replace(expected, parameters=signed))) == ["FunctionUnsigned"]


def test_a_function_without_the_room_that_the_stack_reserves(centre: Centre, expected: Expected) -> None:
    read = controller.read(centre.client("lambda"))
    assert read is not None
    reserving = replace(expected, parameters={**expected.parameters, "ControllerReservedConcurrency": "50"})
    assert kinds(controller.faults(read, reserving)) == ["FunctionConcurrency"]
    assert kinds(controller.faults(replace(read, reserved=50), reserving)) == []


def test_every_kind_of_fault_is_found_here_or_in_an_account() -> None:
    """So that none is promised that nothing finds."""
    alone = {
        "StackUnfinished",
        "StackDrifted",
        "TableEncryption",
        "MappingFailing",
        "FunctionInactive",
        "FunctionUnsigned",
    }
    of_stack_sets = {"StackSetMissing", "StackSetOutdated", "StackSetBehind", "AccountsMissing"}  # tests/templates
    assert {kind for kind, _, _ in BREAKS} | alone | of_stack_sets | {"Unknown"} == set(KINDS)
