"""CloudFormation as a model: what it sends about one resource, and what its stack believes afterwards.

Written from docs/aws-behaviour.md §5 (life cycle) alone; it shares nothing with the product but the event's form.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Send = Callable[[str, Mapping[str, Any]], Any]
"""(account, event) -> the answer, or None where CloudFormation never hears one."""

_stacks = itertools.count()
_invented = itertools.count()
_order = itertools.count()


@dataclass
class StackResource:
    """One resource of a stack. `believed` are the properties that the stack believes to be deployed, None if none."""

    account: str
    type: str
    logical_id: str
    send: Send
    stack: str = ""
    believed: Mapping[str, Any] | None = None
    physical_id: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    deleting: bool = False
    """Whether nobody knows what has come of its Delete."""
    refused: bool = False
    """Whether its last Delete was refused (DELETE_FAILED)."""
    sent: int = 0
    asked: int = 0
    """Which of all events so far the stack's belief rests on: a larger number is a later event."""

    def __post_init__(self) -> None:
        self.stack = self.stack or f"stack{next(_stacks)}"

    def create(self, properties: Mapping[str, Any], *, fails_elsewhere: bool = False) -> None:
        """Create; what fails is rolled back by a Delete with the id of the FAILED response, or an invented one."""
        answer = self._ask("Create", properties)
        if answer is not None and answer.status == "SUCCESS" and not fails_elsewhere:
            self._believe(properties, answer)
            return
        if answer is not None and answer.status == "SUCCESS":
            self._believe(properties, answer)
            self.delete()
            return
        self._retried_delete(answer.physical_id if answer is not None else self._invent())
        self._forget()

    def cancelled_create(self, properties: Mapping[str, Any], late: Callable[[str, Mapping[str, Any]], None]) -> None:
        """The Create is on its way (`late` will deliver it) when the stack is deleted."""
        late(self.account, self._event("Create", properties))
        self._retried_delete(self._invent())
        self._forget()

    def update(self, properties: Mapping[str, Any], *, fails_elsewhere: bool = False) -> None:
        """Update; a failure is rolled back by an Update to the old properties, replaced ids are cleaned up."""
        old, old_id = self.believed, self.physical_id
        assert old is not None
        answer = self._ask("Update", properties, old_id)
        if answer is not None and answer.status == "SUCCESS" and not fails_elsewhere:
            self._believe(properties, answer)
            if answer.physical_id != old_id:
                self._clean_up(old_id)
            return
        known = answer.physical_id if answer is not None else old_id
        back = None
        while back is None or back.status != "SUCCESS":  # UPDATE_ROLLBACK_FAILED is continued until it works
            back = self._ask("Update", old, known)
        self._believe(old, back)
        if known not in (back.physical_id, ""):
            self._clean_up(known)

    def delete(self) -> bool:
        """Delete; whether it worked. A stack in DELETE_FAILED still has its resource, and may be deleted again."""
        answer = self._ask("Delete", self.believed or {}, self.physical_id)
        if answer is None or answer.status != "SUCCESS":
            self.deleting, self.refused = answer is None, answer is not None
            return False
        self._forget()
        return True

    def recreate_under_the_same_name(self) -> None:
        """The stack is gone; another one of its name has another id."""
        assert self.believed is None
        self.stack = f"{self.stack.split('x')[0]}x{next(_stacks)}"

    def _clean_up(self, physical_id: str) -> None:
        for _ in range(3):
            answer = self._ask("Delete", {}, physical_id)
            if answer is not None and answer.status == "SUCCESS":
                return

    def _retried_delete(self, physical_id: str) -> None:
        answer = None
        while answer is None or answer.status != "SUCCESS":  # ROLLBACK_FAILED is deleted again until it works
            answer = self._ask("Delete", {}, physical_id)

    def _believe(self, properties: Mapping[str, Any], answer: Any) -> None:
        self.believed, self.physical_id, self.data = properties, answer.physical_id, answer.data
        self.asked = self.sent
        self.deleting = self.refused = False

    def _forget(self) -> None:
        self.believed, self.physical_id, self.data = None, "", {}
        self.deleting = self.refused = False

    def _invent(self) -> str:
        return f"{self.stack}-{self.logical_id}-{next(_invented)}"

    def _ask(self, request_type: str, properties: Mapping[str, Any], physical_id: str = "") -> Any:
        self.sent = next(_order)
        return self.send(self.account, self._event(request_type, properties, physical_id))

    def _event(self, request_type: str, properties: Mapping[str, Any], physical_id: str = "") -> dict[str, Any]:
        known = {"PhysicalResourceId": physical_id} if physical_id else {}
        return {
            "RequestType": request_type,
            "StackId": f"arn:aws:cloudformation:us-east-1:{self.account}:stack/{self.stack}/0d1c",
            "LogicalResourceId": self.logical_id,
            "ResourceType": f"Custom::CrossAccount{self.type}",
            "ResourceProperties": {"ServiceToken": "arn:token", **properties},
            **known,
        }
