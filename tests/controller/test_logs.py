"""What the controller's log says: enough to find a request, a grant, its target and its stack, one JSON object a line."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from centre import CONSUMER, FUNCTION, OWNER, Centre, permission

from provider import __version__
from provider.controller.logs import ControllerLog


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the controller's log writes, an invocation having begun."""
    logger = logging.getLogger("provider")
    before = (logger.handlers, logger.level, logger.propagate)
    log = ControllerLog()
    [handler] = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    log.begin("5f0c1ad4-70f2-4d3c-9b5f-6a2f0f3b6a11")
    yield stream
    logger.handlers, logger.level, logger.propagate = before


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_an_answer_is_logged_with_the_request_the_grant_the_target_and_the_stack(
    published: Centre, written: io.StringIO
) -> None:
    asked = permission()
    answer = published.ask(CONSUMER, asked.event("Create"))
    [line] = [one for one in lines(written) if one["message"] == "answered"]
    assert line == line | {
        "level": "INFO",
        "account": CONSUMER,
        "request": f"request-{published.requests}",
        "declaration": answer.physical_id,
        "target": f"{OWNER}/token-service",
        "stack": asked.event("Create")["StackId"],
        "logical_id": asked.event("Create")["LogicalResourceId"],
        "status": "SUCCESS",
    }


def test_a_refusal_is_logged_with_the_request_and_the_stack(published: Centre, written: io.StringIO) -> None:
    asked = permission(GrantType="AssumeRole", ApiId=None)
    assert published.ask(CONSUMER, asked.event("Create")).status == "FAILED"
    [line] = [one for one in lines(written) if one["message"] == "answered"]
    assert (line["status"], line["stack"]) == ("FAILED", asked.event("Create")["StackId"])


def test_a_pass_is_logged_with_its_resource_and_how_it_ended(published: Centre, written: io.StringIO) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    [line] = [one for one in lines(written) if one["message"] == "passed"]
    assert (line["resource"], line["outcome"]) == (FUNCTION, "Written")


def test_every_line_names_the_invocation_and_the_version(published: Centre, written: io.StringIO) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    told = {(one["function_request_id"], one["version"], one["service"]) for one in lines(written)}
    assert told == {("5f0c1ad4-70f2-4d3c-9b5f-6a2f0f3b6a11", __version__, "controller")}


def test_a_fault_is_one_line_with_its_traceback(written: io.StringIO) -> None:
    try:
        int("a fault")
    except ValueError:
        logging.getLogger("provider.controller.entry").exception("failed", extra={"resource": FUNCTION})
    [line] = lines(written)
    assert (line["level"], line["resource"]) == ("ERROR", FUNCTION)
    assert "ValueError: invalid literal" in str(line["exception"])
