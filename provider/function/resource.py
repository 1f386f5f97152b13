"""crhelper's custom resource, with its known faults mended (`docs/aws-behaviour.md` §5). The only module to know it.

What is left of crhelper is the life of one event: call, answer, and a timer that answers when the call does not
return. It never sees the event's properties or its ResponseURL, so it can neither log nor misdirect them. One
instance serves one event, so that nothing outlives it in a warm environment.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from provider.function.answers import Answer, Status, encoded, fitting
from provider.function.failures import AnswerUndelivered, Failure
from provider.function.reasons import brief
from provider.function.unneeded import unneeded

with unneeded("boto3"):
    from crhelper import FAILED, CfnResource


class Resource(CfnResource):
    """One event's exchange with CloudFormation: exactly one answer is sent, whatever happens.

    `ask` finds the answer, or raises a Failure. `send` brings a document to CloudFormation, or raises
    AnswerUndelivered. After `patience` seconds without an answer, `late` is answered.
    """

    # crhelper's own, absent from its stubs.
    _event: dict[str, Any]
    _timer: threading.Timer | None

    def __init__(
        self,
        ask: Callable[[], Answer],
        send: Callable[[bytes], None],
        *,
        patience: float,
        late: Failure,
    ) -> None:
        super().__init__(
            log_level=logging.root.level,  # type: ignore[arg-type]  # a number will do, and leaves the level as it is
            boto_level="WARNING",
            sleep_on_delete=0,
        )
        self._ask = ask
        self._put = send
        self._patience = patience
        self._late = late
        self._unanswered = threading.Lock()
        self.answered: Status | None = None
        self.undelivered: AnswerUndelivered | None = None

    @property
    def _sam_local(self) -> bool:
        """True: crhelper then builds no clients and never polls. Elsewhere this is an environment variable."""
        return True

    @_sam_local.setter
    def _sam_local(self, _environment: object) -> None:
        """Ignore what crhelper reads from the environment."""

    def exchange(self, event: Mapping[str, Any], context: object) -> None:
        """Answer an event, whose StackId, LogicalResourceId and RequestId are text, and return when it is sent."""
        self(_bare(event), context)
        # Lambda freezes the environment on return: an answer that the timer is sending must be through by then.
        if self._timer:
            self._timer.join()

    def _get_func(self) -> Callable[[object, object], str]:
        return self._answer

    def _poll_enabled(self) -> bool:
        return False

    def _answer(self, _event: object, _context: object) -> str:
        answer = self._ask()
        self.Status, self.Reason, self.Data = str(answer.status), answer.reason, dict(answer.data)
        return answer.physical_id

    def _set_timeout(self) -> None:
        self._timer = threading.Timer(self._patience, self._timeout)
        self._timer.daemon = True
        self._timer.start()

    def _timeout(self) -> None:
        self._send(FAILED, str(self._late))

    def generate_physical_id(self, event: Mapping[str, Any]) -> str:
        """Name a resource that never came to be: the same for the same event, and not the form of any grant."""
        return f"failed-{event['RequestId']}"

    def _send(self, status: str | None = None, reason: str = "", send_response: object = None) -> None:
        """Answer once; a second answer, of the timer or of crhelper's own error path, is dropped."""
        del send_response  # crhelper's own has no limits
        if self._unanswered.acquire(blocking=False):
            self.Reason = brief(self.Reason)
            super()._send(status, brief(reason), send_response=self._deliver)  # type: ignore[misc]  # not in its stubs

    def _deliver(self, _url: str, body: dict[str, Any], _ssl_verify: object) -> None:
        sent = self._settled(fitting(self._settled(body)))
        try:
            self._put(encoded(sent))
        except AnswerUndelivered as failure:
            self.undelivered = failure
        else:
            self.answered = Status(sent["Status"])

    def _settled(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say which resource the answer is about: after a failure, the one that the stack already knows.

        Any other id would have CloudFormation delete what it names. A failure has no data.
        """
        known, stated = self._event.get("PhysicalResourceId", ""), body["PhysicalResourceId"]
        if body["Status"] == FAILED:
            return {**body, "Data": {}, "PhysicalResourceId": known or stated or self.generate_physical_id(self._event)}
        return {**body, "PhysicalResourceId": stated or known}


def _bare(event: Mapping[str, Any]) -> dict[str, str]:
    """What crhelper cannot do without, in the form that it takes for granted."""
    known = event.get("PhysicalResourceId")
    return {
        "RequestType": str(event.get("RequestType")),
        "StackId": event["StackId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "RequestId": event["RequestId"],
        "ResponseURL": "",
        **({"PhysicalResourceId": known} if isinstance(known, str) and known else {}),
    }
