"""SAM templates go through AWS's own translator, with the stack's parameters; one that it refuses fails as on AWS."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
import copy
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

SAM = "AWS::Serverless-2016-10-31"
_ENGINE = "services.cloudformation.engine"
_HANDLERS = "services.cloudformation.handlers"
_TEST = "tests/localcloud/test_sam.py"
_Answer = tuple[int, dict[str, str], bytes]
_Handler = Callable[[dict[str, Any]], _Answer]

_refusals: ContextVar[list[str] | None] = ContextVar("sam_refusals", default=None)
"""Where a change set that is being created collects why its template could not be transformed."""


def apply() -> None:
    """Take over the transform, and change sets whose transform fails."""
    require(_ENGINE, "_TransformFailed", "_without_transform", "_transform_parameters", "declared_transforms")
    supplant(_ENGINE, "_apply_transforms", _transforming)
    handlers = require(_HANDLERS, "_ACTION_HANDLERS")._ACTION_HANDLERS
    handlers["CreateChangeSet"] = _failing(handlers["CreateChangeSet"])


@behaviour(
    call="cloudformation:CreateChangeSet",
    expected="`Transform: AWS::Serverless-2016-10-31` is done by aws-sam-translator with the stack's parameter values",
    source="AWS SAM Developer Guide, AWS SAM template anatomy; aws-sam-translator",
    test=f"{_TEST}::test_a_sam_function_with_a_rest_api_and_a_lambda_authorizer_answers",
)
def _transforming(old: Callable[..., Any]) -> Callable[..., Any]:
    def transform(template: Mapping[str, Any], provided: Any = None, previous: Any = None) -> Any:
        engine = part(_ENGINE)
        if SAM not in engine.declared_transforms(template):
            return old(template, provided, previous)
        plain = old(engine._without_transform(template, SAM), provided, previous)
        if isinstance(plain, engine._TransformFailed):
            return plain
        try:
            return _translated(plain, engine._transform_parameters(template, provided, previous))
        except _InvalidSamError as invalid:
            return _refused(plain, f"Transform {SAM} failed with: {invalid}")

    return transform


class _InvalidSamError(Exception):
    """The translator refuses the template, in its own words."""


def _translated(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException  # noqa: PLC0415
    from samtranslator.translator.transform import transform  # noqa: PLC0415 - the cloud's environment alone has it

    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = part("core.responses").get_region()  # where the translator looks for it
    try:
        return transform(copy.deepcopy(dict(template)), dict(parameters), SimpleNamespace(load=dict))
    except InvalidDocumentException as invalid:
        causes = " ".join(cause.message for cause in invalid.causes)
        raise _InvalidSamError(f"{invalid.message} {causes}".strip()) from invalid
    except ExceptionWithMessage as invalid:
        raise _InvalidSamError(invalid.message) from invalid
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before


def _refused(template: Mapping[str, Any], reason: str) -> Any:
    """Let the base refuse the request, or a change set that is being created carry the reason."""
    refusals = _refusals.get()
    if refusals is None:
        return part(_ENGINE)._TransformFailed(template, reason)
    refusals.append(reason)
    stand_in = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
    return {"Parameters": template.get("Parameters") or {}, "Resources": stand_in}


@behaviour(
    call="cloudformation:CreateChangeSet",
    expected="a template that cannot be transformed makes a change set of status FAILED, whose reason is "
    "'Transform AWS::Serverless-2016-10-31 failed with: …'",
    source="aws/serverless-application-model#1637 and others there",
    test=f"{_TEST}::test_invalid_sam_is_a_failed_change_set_in_the_translators_words",
)
def _failing(old: _Handler) -> _Handler:
    def handle(parameters: dict[str, Any]) -> _Answer:
        refusals: list[str] = []
        token = _refusals.set(refusals)
        try:
            answer = old(parameters)
        finally:
            _refusals.reset(token)
        if refusals:
            _fail(answer, refusals[0])
        return answer

    return handle


def _fail(answer: _Answer, reason: str) -> None:
    for change_set in part("services.cloudformation")._change_sets.values():
        if change_set["ChangeSetId"].encode() in answer[2]:
            change_set.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=reason, Changes=[])
