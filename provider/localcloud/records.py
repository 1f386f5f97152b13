"""The record of AWS calls as they pass the front door, and of what IAM decided for each.

Nothing of a signature, token or body is kept, but for what policies' conditions see of it.
"""

import contextvars
import json
import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from provider.localcloud import decisions
from provider.localcloud.asgi import Message, Scope, headers
from provider.localcloud.calls import Call, Decision

KEPT = 20_000
_LOOKED_AT = 4096
"""Bytes of an error's body in which its code is looked for."""

_calls: deque[Call] = deque(maxlen=KEPT)


@dataclass(slots=True)
class Record:
    """A call while it runs."""

    at: float
    account: str = ""
    principal: str = ""
    service: str = ""
    action: str = ""
    region: str = ""
    resource: str = ""
    status: int = 0
    error: str = ""
    decisions: list[Decision] = field(default_factory=list)
    over: bool = False

    def see(self, message: Message) -> None:
        """Take status and error code from a response as it passes."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            named = dict(message.get("headers", []))
            self.error = named.get(b"x-amzn-errortype", b"").decode().partition(":")[0]
        elif self.status >= 400 and not self.error:
            self.error = _code(bytes(message.get("body", b"")[:_LOOKED_AT]))

    def finished(self) -> Call:
        """The call as it is kept."""
        self.over = True
        told = {one.name: getattr(self, one.name) for one in fields(Call)}
        return Call(**{**told, "decisions": tuple(self.decisions)})


_current: contextvars.ContextVar[Record | None] = contextvars.ContextVar("record", default=None)


def listen() -> None:
    """Hear of each decision that IAM makes; before all corrections."""
    decisions.listen(hear)


def hear(decision: Decision) -> None:
    """Keep a decision with the call that is served, or, where a service acts by itself or after that, alone."""
    record = _current.get()
    if record is not None and not record.over:
        record.decisions.append(decision)
        return
    service, _, action = decision.action.partition(":")
    account = str(decision.keys.get("aws:principalaccount", ""))
    region = str(decision.keys.get("aws:requestedregion", ""))
    error = "" if decision.allowed else "AccessDenied"
    _calls.append(
        Call(
            time.time(), account, decision.principal, service, action, region, decision.resource, 0, error, (decision,)
        )
    )


def attach() -> None:
    """Learn from the base's decisions what each call is; after all corrections."""
    from ministack.core import iam_evaluator  # noqa: PLC0415 - the base reads its environment when imported

    decisions.listen_to_services()

    decide = iam_evaluator.enforce

    def enforce(key: str, action: str, service: str, region: str, *rest: Any, **named: Any) -> Any:
        record = _current.get()
        if record is not None and not record.action:
            resource = named.get("resource_arn", rest[0] if rest else "*")
            _note(record, iam_evaluator.resolve_caller_identity(key), action, region, resource)
        return decide(key, action, service, region, *rest, **named)

    iam_evaluator.enforce = enforce


@contextmanager
def recording(scope: Scope) -> Iterator[Record]:
    """Record the call of `scope` that is served meanwhile."""
    record = Record(time.time())
    before = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(before)
        if not record.action:
            _guess(record, scope)
        _calls.append(record.finished())


def calls(since: float = 0.0) -> list[Call]:
    """The calls that are kept and began not before `since`, oldest first."""
    return [call for call in list(_calls) if call.at >= since]


def forget() -> None:
    """Begin anew."""
    _calls.clear()


def _note(record: Record, who: dict[str, Any] | None, action: str, region: str, resource: str) -> None:
    record.service, _, record.action = action.partition(":")
    record.region = region
    record.resource = "" if resource == "*" else resource
    if who is not None:
        record.account, record.principal = who["accountId"], who["userArn"]


def _guess(record: Record, scope: Scope) -> None:
    """Say what can be said of a call that was refused before, or does not pass, the base's decision."""
    named = headers(scope)
    signed = re.search(r"Credential=[^/]+/\d+/([^/]*)/([^/]*)/", named.get("authorization", ""))
    if signed:
        record.region, record.service = signed.groups()
    target = named.get("x-amz-target", "").rpartition(".")[2]
    record.action = target or f"{scope['method']} {scope['path']}"


def _code(body: bytes) -> str:
    text = body.decode(errors="replace")
    found = re.search(r"<Code>([^<]+)</Code>", text)
    if found:
        return found[1]
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    return str(said.get("__type") or said.get("code") or "").rpartition("#")[2] if isinstance(said, dict) else ""
