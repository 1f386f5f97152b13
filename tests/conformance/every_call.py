"""What every call of a run passes, whichever client makes it: stand-ins, what is permitted, the journal, and time to settle.

Tests make clients and sessions of their own, as those whom they let in or keep out. So this hangs on botocore itself for as long as the run
lasts, not on one client.
"""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import permitted
from botocore import handlers
from botocore.exceptions import WaiterError
from botocore.response import StreamingBody
from journal import Journal, Made
from not_on_aws import NotOnAws
from stand_ins import StandIns
from undoing import ANSWERED, NAMED, STACKS, ClientFor, left_by, stands

_WAITERS: Mapping[str, tuple[str, ...]] = {
    "cloudformation.CreateChangeSet": ("change_set_create_complete", "StackName", "ChangeSetName"),
    "dynamodb.CreateTable": ("table_exists", "TableName"),
    "lambda.CreateFunction": ("function_active_v2", "FunctionName"),
    "lambda.UpdateFunctionCode": ("function_updated_v2", "FunctionName"),
    "lambda.UpdateFunctionConfiguration": ("function_updated_v2", "FunctionName"),
}
_SETTLES = {
    f"cloudformation.{name}"
    for name in (
        "CancelUpdateStack",
        "ContinueUpdateRollback",
        "CreateStack",
        "DeleteStack",
        "ExecuteChangeSet",
        "RollbackStack",
        "UpdateStack",
    )
}
_NO_CHANGES = {"lambda.Invoke", "sts.AssumeRole"}
_LEAVES = {"cloudformation.DeleteStack", "cloudformation.UpdateStack", "cloudformation.ExecuteChangeSet"}
_FOR_A_STACK, _BETWEEN_LOOKS = 900, 3  # seconds
_PAUSE = 15.0  # seconds in which AWS is expected to have a change of IAM, of a function's or an API's policy in force
_OURS = "conformance"


class Wire:
    """The calls of one run. `whose` tells the account of credentials, "" of unknown ones; `waits` for what AWS settles later."""

    def __init__(
        self,
        stand_ins: StandIns,
        journal: Journal,
        administrator: ClientFor,
        whose: Callable[[Any], str],
        *,
        waits: bool = True,
    ) -> None:
        self.stand_ins = stand_ins
        self.pause = _PAUSE if waits else 0.0
        self._journal = journal
        self._administrator = administrator
        self._whose = whose
        self._keys: dict[str, str] = {}
        self._changed: dict[str, float] = {}
        self._made: set[Made] = set()
        self._stacks: dict[str, str] = {}  # by change set

    @contextmanager
    def tapped(self) -> Iterator[None]:
        """Every session that is made meanwhile has its calls pass here."""
        ours = [
            ("provide-client-params", self._told),
            ("before-call", self._before),
            ("after-call", self._after),
        ]
        handlers.BUILTIN_HANDLERS.extend(ours)
        try:
            yield
        finally:
            for one in ours:
                handlers.BUILTIN_HANDLERS.remove(one)

    def settled(self, *services: str) -> None:
        """Wait until the last change of these services (of all) is old enough to be in force."""
        latest = max(
            (at for name, at in self._changed.items() if not services or name in services), default=-self.pause
        )
        time.sleep(max(0.0, latest + self.pause - time.monotonic()))

    # --- the three moments of a call --------------------------------------------------------------------

    def _told(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> dict[str, Any]:
        operation = f"{model.service_model.service_name}.{model.name}"
        permitted.check(operation)
        told: dict[str, Any] = self.stand_ins.told(params)
        context[_OURS] = (operation, told)
        return told

    def _before(self, request_signer: Any, context: dict[str, Any], **_: Any) -> None:
        operation, params = context[_OURS]
        service = operation.partition(".")[0]
        if service != "iam":
            self.settled("iam", *(("cloudformation",) if service == "sts" else ()))
        if operation == "lambda.Invoke":
            self.settled("lambda")
        credentials = request_signer._credentials
        known = self._keys.get(getattr(credentials, "access_key", ""))
        context[_OURS] = (operation, params, known or self._whose(credentials))
        if (thing := self._named(context)) and thing not in self._made:
            if not self._is_own_stack(thing) and stands(thing, self._administrator):
                raise NotOnAws(f"would make {thing.name}, of which name there is one that the run has not made")
            self._journal.made(thing)
        if operation in _LEAVES and "StackName" in params:
            stack = self._own_stack(params["StackName"], context)
            for left in left_by(stack, self._administrator):
                self._journal.made(left)

    def _after(self, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        operation, params, account = context[_OURS]
        if http_response.status_code < 300:
            self._succeeded(operation, params, account, parsed, context)
        elif (thing := self._named(context)) and thing not in self._made:  # else there has been one before
            self._journal.gone(thing)
        heard = self.stand_ins.heard(parsed)
        parsed.clear()
        parsed.update(heard)
        if operation == "lambda.Invoke" and "Payload" in parsed:
            text = self.stand_ins.heard(parsed["Payload"].read().decode()).encode()
            parsed["Payload"] = StreamingBody(io.BytesIO(text), len(text))

    # --- what was made ------------------------------------------------------------------------------------

    def _named(self, context: Mapping[str, Any]) -> Made | None:
        operation, params, account = context[_OURS]
        if operation not in NAMED or params.get("ChangeSetType", "CREATE") != "CREATE":
            return None
        if operation == "cloudformation.CreateChangeSet" and "ChangeSetType" not in params:
            return None  # of a stack that stands
        return self._thing(operation, params[NAMED[operation]], account, context)

    def _is_own_stack(self, thing: Made) -> bool:
        """Whether the run has made a stack of this name, by whichever of the two operations."""
        return thing.operation in STACKS and any(replace(thing, operation=one) in self._made for one in STACKS)

    def _own_stack(self, name: str, context: Mapping[str, Any]) -> Made:
        """A stack that is going to be changed or deleted, by its name or id."""
        plain = name.partition(":stack/")[2].partition("/")[0] or name
        found = (thing for thing in self._made if thing.operation in STACKS and thing.name == plain)
        if next(found, None) is None:
            raise NotOnAws(f"would change the stack {plain}, which the run has not made")
        return self._thing("cloudformation.CreateStack", name, context[_OURS][2], context)

    def _thing(self, operation: str, name: str, account: str, context: Mapping[str, Any]) -> Made:
        if not account:
            raise NotOnAws(f"calls {operation} as somebody whose account the run does not know")
        return Made(account, context["client_region"], operation, name)

    def _succeeded(
        self, operation: str, params: dict[str, Any], account: str, parsed: dict[str, Any], context: dict[str, Any]
    ) -> None:
        if thing := self._named(context):
            self._made.add(thing)
        if operation in ANSWERED:
            name: Any = parsed
            for part in ANSWERED[operation]:
                name = name[part]
            self._journal.made(self._thing(operation, name, account, context))
        if operation == "sts.AssumeRole":
            self._keys[parsed["Credentials"]["AccessKeyId"]] = parsed["AssumedRoleUser"]["Arn"].split(":")[4]
        if operation == "iam.CreateAccessKey":
            self._keys[parsed["AccessKey"]["AccessKeyId"]] = account
        service = operation.partition(".")[0]
        if not permitted.is_read(operation) and operation not in _NO_CHANGES:
            self._changed[service] = time.monotonic()
        if operation == "cloudformation.CreateChangeSet":
            self._stacks[parsed["Id"]] = parsed["StackId"]
        if self.pause and account and operation in {*_WAITERS, *_SETTLES}:
            self._wait(operation, params, self._administrator(service, account, context["client_region"]))

    def _wait(self, operation: str, params: Mapping[str, Any], client: Any) -> None:
        """What the local cloud has done when it answers, AWS does after it."""
        if operation in _WAITERS:
            waiter, *named = _WAITERS[operation]
            with suppress(WaiterError):  # what has failed is there as well
                client.get_waiter(waiter).wait(**{one: params[one] for one in named}, WaiterConfig={"Delay": 2})
            return
        stack = params.get("StackName") or self._stacks.get(params["ChangeSetName"])
        end = time.monotonic() + _FOR_A_STACK
        while stack and time.monotonic() < end and _is_under_way(client, stack):
            time.sleep(_BETWEEN_LOOKS)
        self._changed["cloudformation"] = time.monotonic()


def _is_under_way(client: Any, stack: str) -> bool:
    try:
        status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except client.exceptions.ClientError:  # deleted
        return False
    return bool(status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS")
