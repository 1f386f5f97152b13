"""What CloudFormation refuses before an operation begins: by the stack's status, its role, its template."""

# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import callers, emulator, permissions
from provider.localcloud.cloudformation.callers import RoleNotAssumableError
from provider.localcloud.cloudformation.permissions import NotAuthorizedError

UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_BUSY_UPDATING = (
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
)
_GONE = "DELETE_COMPLETE"
_PSEUDO = "AWS::"

updating: ContextVar[Mapping[str, Any] | None] = ContextVar("stack_being_updated", default=None)
"""The stack that the request at hand would update, for the checks of its new template."""


class RequestRefusedError(Exception):
    """An operation that does not begin; `code` and `status` are those of the API's error."""

    def __init__(self, message: str, code: str = "ValidationError", status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def value(parameters: Mapping[str, Any], name: str) -> str:
    """A parameter of the request, "" if it is not there."""
    found = parameters.get(name, "")
    return str(found[0] if isinstance(found, list) and found else found or "")


def stack_of(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The stack that the request names or, for a change set's ARN, the one that the set is for."""
    resolve = emulator.part("services.cloudformation.handlers", "_resolve_stack")._resolve_stack
    found: dict[str, Any] | None = resolve(value(parameters, "StackName")) if value(parameters, "StackName") else None
    if found is None and (told := change_set_of(parameters)):
        found = resolve(told["StackId"])
    return found


def change_set_of(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The change set that the request names."""
    find = emulator.part("services.cloudformation.changesets", "_find_change_set")._find_change_set
    found: dict[str, Any] | None = find(value(parameters, "ChangeSetName"), value(parameters, "StackName"))[1]
    return found


def may_create(parameters: Mapping[str, Any]) -> None:
    """Refuse a name that a stack has, be it one that failed; keep a deleted namesake readable by its ARN."""
    stack = stack_of(parameters)
    if stack is None:
        return
    if stack["StackStatus"] != _GONE:
        raise RequestRefusedError(f"Stack [{stack['StackName']}] already exists", "AlreadyExistsException")
    emulator.registry()._stacks[stack["StackId"]] = stack


@behaviour(
    call="cloudformation:UpdateStack",
    expected="'Stack:… is in ROLLBACK_COMPLETE state and can not be updated.'; such a stack keeps its name until it is deleted",
    source="widdix/cfn-create-or-update#3",
    test="tests/localcloud/test_stacks.py::test_a_failed_creation_is_rolled_back_and_its_name_stays_taken",
)
def may_update(parameters: Mapping[str, Any]) -> None:
    """Refuse to update a stack whose status does not allow it."""
    stack = stack_of(parameters)
    if stack is None or stack["StackStatus"] == _GONE:
        return  # the base says that it does not exist
    if stack["StackStatus"] not in UPDATABLE:
        raise RequestRefusedError(
            f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated."
        )
    updating.set(stack)


def may_plan(parameters: Mapping[str, Any]) -> None:
    """Refuse a change set that its stack's status does not allow."""
    if value(parameters, "ChangeSetType") != "CREATE":
        may_update(parameters)
        return
    stack = stack_of(parameters)
    if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return
    if stack["StackStatus"] != _GONE:
        raise RequestRefusedError(
            f"Stack [{stack['StackName']}] already exists and cannot be created again with the "
            f"changeSet [{value(parameters, 'ChangeSetName')}]."
        )
    emulator.registry()._stacks[stack["StackId"]] = stack


def may_execute(parameters: Mapping[str, Any]) -> None:
    """Refuse to execute a change set while its stack is busy."""
    stack = stack_of(parameters)
    if stack is not None and stack["StackStatus"] not in (*UPDATABLE, "REVIEW_IN_PROGRESS"):
        raise RequestRefusedError(
            f"ChangeSet [{value(parameters, 'ChangeSetName')}] cannot be executed in its current "
            f"stack status of [{stack['StackStatus']}]",
            "InvalidChangeSetStatus",
        )


def may_delete(parameters: Mapping[str, Any]) -> None:
    """Refuse to delete a stack in the middle of an update."""
    stack = stack_of(parameters)
    if stack is not None and stack["StackStatus"] in _BUSY_UPDATING:
        raise RequestRefusedError(
            f"Stack [{stack['StackName']}] cannot be deleted while in status {stack['StackStatus']}"
        )


@behaviour(
    call="cloudformation:DescribeStacks",
    expected="a deleted stack is known by its ARN alone, also when another has its name",
    source="AWS CloudFormation API Reference, DescribeStacks",
    test="tests/localcloud/test_stacks.py::test_a_deleted_stack_is_known_by_its_arn_alone",
)
def must_exist_by_name(parameters: Mapping[str, Any]) -> None:
    """Refuse to tell of a deleted stack that is named otherwise than by its ARN."""
    name, stack = value(parameters, "StackName"), stack_of(parameters)
    if stack is not None and stack["StackStatus"] == _GONE and name != stack["StackId"]:
        raise RequestRefusedError(f"Stack [{name}] does not exist")


def take_role(parameters: Mapping[str, Any]) -> str:
    """Act as the role that the request names, or that the stack has kept, and return its ARN ("" for none)."""
    named = value(parameters, "RoleARN")
    role = named or str((change_set_of(parameters) or {}).get("RoleARN", ""))
    role = role or str((stack_of(parameters) or {}).get("RoleARN", ""))
    if not role:
        return ""
    try:
        if named:
            permissions.authorise("iam:PassRole", named, {"iam:passedtoservice": callers.SERVICE})
        callers.act_as(role)
    except NotAuthorizedError as denied:
        raise RequestRefusedError(str(denied).partition(" (Service:")[0], "AccessDenied", 403) from denied
    except (RoleNotAssumableError, IndexError) as unfit:
        raise RequestRefusedError(str(unfit)) from unfit
    return role


@behaviour(
    call="cloudformation:CreateStack",
    expected="references to nothing and circular dependencies are refused before anything is made",
    source="AWS CloudFormation User Guide, troubleshooting",
    test="tests/localcloud/test_stacks.py::test_a_wrong_template_is_refused_at_once",
)
@behaviour(
    call="cloudformation:UpdateStack",
    expected="'Update of resource type is not permitted. …'",
    source="AWS CloudFormation User Guide, update behaviors of stack resources",
    test="tests/localcloud/test_stacks.py::test_a_logical_id_keeps_its_type",
)
def check_template(template: Mapping[str, Any]) -> None:
    """Refuse references to nothing, circles, and another type under a known logical id.

    Raises:
        ValueError: with the API's message.
    """
    resources = {name: item for name, item in (template.get("Resources") or {}).items() if isinstance(item, dict)}
    known = {*resources, *(template.get("Parameters") or {})}
    for section in ("Resources", "Outputs"):
        _check_references(section, template.get(section) or {}, known)
    _check_circle(resources)
    before = ((updating.get() or {}).get("_template") or {}).get("Resources") or {}
    changed = [name for name in resources if name in before and before[name].get("Type") != resources[name].get("Type")]
    if changed:
        raise ValueError(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(sorted(changed))}]"
        )


def _check_references(section: str, written: Any, known: set[str]) -> None:
    references = emulator.part("services.cloudformation.engine", "_intrinsic_references")._intrinsic_references
    missing = {name for name, _ in references(written) if name not in known and not name.startswith(_PSEUDO)}
    if missing:
        raise ValueError(
            f"Template format error: Unresolved resource dependencies [{', '.join(sorted(missing))}] "
            f"in the {section} block of the template"
        )


def _check_circle(resources: Mapping[str, Any]) -> None:
    needs = {name: emulator.engine()._extract_deps(item, set(resources)) for name, item in resources.items()}
    while free := [name for name, needed in needs.items() if not needed & set(needs)]:
        for name in free:
            del needs[name]
    if needs:
        raise ValueError(f"Circular dependency between resources: [{', '.join(sorted(needs))}]")
