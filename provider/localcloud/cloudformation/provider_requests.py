"""A custom resource's events: what its provider is told, and what is made of its answer.

Shapes, limits and sentences follow `docs/aws-behaviour.md` §5.
"""

import asyncio
import json
import secrets
import string
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from provider.localcloud import response_urls
from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, service_tokens

RESPONSE_BYTES = 4096
PHYSICAL_ID_BYTES = 1024
DEFAULT_TIMEOUT_SECONDS = 3600
NO_RESPONSE = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [{}]. "
    "If you are using the Python cfn-response module, you may need to update your Lambda function code so that "
    "CloudFormation can attach the updated version."
)


class ProviderFailedError(Exception):
    """The provider failed, was silent or answered what CloudFormation does not take.

    `physical_id` is what a Delete would now be sent for: None when no event has left.
    """

    def __init__(self, reason: str, physical_id: str | None) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


class ProviderCancelledError(ProviderFailedError):
    """CloudFormation stopped waiting, since the operation is over."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said: the id of its resource, data for `Fn::GetAtt`, and which object it answered in."""

    physical_id: str
    data: Mapping[str, Any]
    no_echo: bool
    object_key: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The custom resource that an event is about."""

    stack_id: str
    stack_name: str
    logical_id: str
    resource_type: str

    def invented_id(self) -> str:
        """An id that CloudFormation makes up when the provider has given none."""
        tail = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(13))
        return f"{self.stack_name}-{self.logical_id}-{tail}"


@dataclass(slots=True)
class Request:
    """One event on its way, until answered, cancelled or out of time."""

    subject: Subject
    kind: str
    properties: Mapping[str, Any]
    physical_id: str | None = None
    old_properties: Mapping[str, Any] | None = None
    id: str = field(default_factory=lambda: emulator.scope().new_uuid())
    body: Future[bytes] = field(default_factory=Future)

    @property
    def key(self) -> str:
        """The name of the object that the answer is put to."""
        return f"{self.subject.stack_id}|{self.subject.logical_id}|{self.id}"

    def cancel(self) -> None:
        """Stop waiting; an answer that comes later is not looked at."""
        _settle(self.body, ProviderCancelledError("Resource creation cancelled", self._delete_id()))

    async def answer(self) -> Answer:
        """Send the event and wait.

        Raises:
            ProviderFailedError: see there.
            TokenRefusedError: the event could not be sent at all.
            NotAuthorizedError: likewise.
        """
        with self._sent() as seconds:
            try:
                body = await asyncio.wait_for(asyncio.wrap_future(self.body), seconds)
            except TimeoutError:
                raise self._silent() from None
        return self._read(body)

    def answer_blocking(self) -> Answer:
        """Do the same from a thread that may wait."""
        with self._sent() as seconds:
            try:
                body = self.body.result(seconds)
            except TimeoutError:
                raise self._silent() from None
        return self._read(body)

    @behaviour(
        call="cloudformation:Custom::*",
        expected="the ResponseURL is a presigned PUT to the Region's bucket, valid for two hours",
        source="docs/aws-behaviour.md §5",
        test="tests/localcloud/test_custom_resources.py::test_the_response_url_has_awss_form",
    )
    @behaviour(
        call="cloudformation:Custom::*",
        expected="a ResponseURL with another signature or path is refused with 403",
        source="docs/aws-behaviour.md §5",
        test="tests/localcloud/test_custom_resources.py::test_an_altered_response_url_is_refused",
    )
    @behaviour(
        call="cloudformation:Custom::*",
        expected="ServiceTimeout (1 to 3600 s, default 3600) counts from the event; then 'CloudFormation did not receive a response from your Custom Resource. …'",
        source="docs/aws-behaviour.md §5; aws-samples/aws-security-reference-architecture-examples#162",
        test="tests/localcloud/test_custom_resources.py::test_service_timeout_counts_from_the_event",
    )
    @contextmanager
    def _sent(self) -> Iterator[int]:
        """Send the event and give how many seconds it has from now; its URL is good for no more than the block."""
        seconds = _timeout(self.properties)
        service_tokens.check(self.properties.get("ServiceToken"))
        url = response_urls.issue(
            region=self.subject.stack_id.split(":")[3],
            stack=self.subject.stack_id,
            logical=self.subject.logical_id,
            request=self.id,
            deliver=lambda body: _settle(self.body, body),
        )
        try:
            service_tokens.send(self.properties["ServiceToken"], self._event(url))
            yield seconds
        finally:
            response_urls.withdraw(url)

    @behaviour(
        call="cloudformation:Custom::*",
        expected="an event has RequestType, ServiceToken, ResponseURL, StackId, RequestId (new per event), ResourceType, LogicalResourceId and ResourceProperties with scalars as text; Update and Delete PhysicalResourceId, Update OldResourceProperties",
        source="docs/aws-behaviour.md §5",
        test="tests/localcloud/test_custom_resources.py::test_an_event_has_awss_shape",
    )
    def _event(self, response_url: str) -> dict[str, Any]:
        """The event as its provider gets it."""
        told = {
            "RequestType": self.kind,
            "ServiceToken": self.properties["ServiceToken"],
            "ResponseURL": response_url,
            "StackId": self.subject.stack_id,
            "RequestId": self.id,
            "LogicalResourceId": self.subject.logical_id,
            "ResourceType": self.subject.resource_type,
            "ResourceProperties": in_words(self.properties),
        }
        if self.physical_id is not None:
            told["PhysicalResourceId"] = self.physical_id
        if self.old_properties is not None:
            told["OldResourceProperties"] = in_words(self.old_properties)
        return told

    def _silent(self) -> ProviderFailedError:
        return ProviderFailedError(NO_RESPONSE.format(self.id), self._delete_id())

    def _delete_id(self) -> str:
        return self.physical_id or self.subject.invented_id()

    @behaviour(
        call="cloudformation:Custom::*",
        expected="FAILED: 'Received response status [FAILED] from custom resource. Message returned: … (RequestId: …)'; the failed Create is deleted under the id of the answer",
        source="docs/aws-behaviour.md §5",
        test="tests/localcloud/test_custom_resources.py::test_a_failed_create_is_deleted_under_the_id_of_its_answer",
    )
    def _read(self, body: bytes) -> Answer:
        said = self._parsed(body)
        physical_id = said["PhysicalResourceId"]
        if said["Status"] == "FAILED":
            reason = f"Received response status [FAILED] from custom resource. Message returned: {said.get('Reason')}"
            raise ProviderFailedError(f"{reason} (RequestId: {self.id})", physical_id)
        return Answer(physical_id, _attributes(said.get("Data") or {}), _is_true(said.get("NoEcho")), self.key)

    def _parsed(self, body: bytes) -> dict[str, Any]:
        if len(body) > RESPONSE_BYTES:
            raise self._refused("Response object is too long.")
        try:
            said = json.loads(body)
        except ValueError:
            raise self._refused("Response is not valid JSON") from None
        if not isinstance(said, dict):
            raise self._refused("Response is not valid JSON")
        for problem in _problems(said, self):
            raise self._refused(problem)
        return said

    def _refused(self, why: str) -> ProviderFailedError:
        return ProviderFailedError(why, self._delete_id())


def _settle(future: Future[bytes], outcome: bytes | Exception) -> None:
    try:
        if isinstance(outcome, bytes):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
    except InvalidStateError:
        return  # another answer, a cancellation or the end of time came first


@behaviour(
    call="cloudformation:Custom::*",
    expected="over 4096 bytes: 'Response object is too long.'; no or an empty PhysicalResourceId, or one over 1 KB: 'Invalid PhysicalResourceId'; a foreign RequestId, StackId or LogicalResourceId is refused; then a Delete with an id that CloudFormation invents",
    source="docs/aws-behaviour.md §5",
    test="tests/localcloud/test_custom_resources.py::test_an_unfit_answer_fails_and_is_deleted_under_a_made_up_id",
)
def _problems(said: Mapping[str, Any], request: Request) -> list[str]:
    """Everything in an answer that CloudFormation does not take, worst first."""
    found = []
    physical_id = said.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not physical_id or len(physical_id.encode()) > PHYSICAL_ID_BYTES:
        found.append("Invalid PhysicalResourceId")
    expected = {
        "StackId": request.subject.stack_id,
        "RequestId": request.id,
        "LogicalResourceId": request.subject.logical_id,
    }
    found += [f"Invalid {name}" for name, value in expected.items() if said.get(name) != value]
    if said.get("Status") not in {"SUCCESS", "FAILED"}:
        found.append("Invalid Status")
    if not isinstance(said.get("Data") or {}, dict):
        found.append("Invalid Data")
    return found


def _timeout(properties: Mapping[str, Any]) -> int:
    told = str(properties.get("ServiceTimeout", DEFAULT_TIMEOUT_SECONDS))
    if not told.isdigit() or not 1 <= int(told) <= DEFAULT_TIMEOUT_SECONDS:
        raise service_tokens.TokenRefusedError(
            f"Invalid ServiceTimeout {told!r}. It must be a number of seconds from 1 to {DEFAULT_TIMEOUT_SECONDS}."
        )
    return int(told)


def in_words(value: Any) -> Any:
    """A property as providers get it: maps and lists as they are, every scalar as text."""
    if isinstance(value, Mapping):
        return {key: in_words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_words(item) for item in value]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


@behaviour(
    call="cloudformation:Custom::*",
    expected="Data is found by Fn::GetAtt: text, lists, members of maps by dotted names",
    source="AWS CloudFormation User Guide, custom resource response objects",
    test="tests/localcloud/test_custom_resources.py::test_data_is_found_by_get_att",
)
def _attributes(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """What `Fn::GetAtt` finds: scalars as text, lists, and the members of maps under dotted names too."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        if value is None:
            continue
        found[prefix + name] = in_words(value)
        if isinstance(value, dict):
            found |= _attributes(value, f"{prefix}{name}.")
    return found


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
