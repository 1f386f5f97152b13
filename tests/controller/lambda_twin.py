"""Lambda's calls about resource policies as AWS answers them, errors included (docs/aws-behaviour.md §1).

Named like a client of the AWS library, and raising what that raises.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from centre import FUNCTION, OWNER, SECOND, Centre, target

from provider.controller.policies import Policies

Error = tuple[str, int, str]

CONCURRENT: Error = (
    "ResourceConflictException",
    409,
    "The function could not be updated due to a concurrent update operation.",
)
MOVED: Error = (
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest.",
)
THROTTLED: Error = ("TooManyRequestsException", 429, "Rate exceeded")
BROKEN: Error = ("ServiceException", 500, "An error occurred and the request cannot be processed.")
BAD_PRINCIPAL: Error = (
    "InvalidParameterValueException",
    400,
    "The provided principal was invalid. Please check the principal and try again.",
)
NOTHING: Error = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
DENIED: Error = ("AccessDeniedException", 403, "User: arn:aws:sts::… is not authorized to perform this action")


def error(of: Error, operation: str) -> ClientError:
    """The AWS library's exception for an error of AWS."""
    code, status, message = of
    parts: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(parts, operation)


@dataclass
class _Function:
    policy: dict[str, Any] | None = None
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class LambdaTwin:
    """The functions of an account. `faults` are raised one per call of an operation, before it has any effect.

    `limit` is what AWS counts, which may be less than what we have room for; `normalised` is how a document is handed back;
    `refuses` says which documents are not taken; `before` runs once just before the next call of an operation.
    """

    functions: dict[str, _Function] = field(default_factory=dict)
    untagged: set[str] = field(default_factory=set)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    limit: int = 20_480
    normalised: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
    refuses: Callable[[dict[str, Any]], bool] = lambda _document: False
    loses_writes: int = 0
    puts: int = 0

    def create(self, *arns: str) -> None:
        for arn in arns:
            self.functions[arn] = _Function()

    def document(self, arn: str) -> dict[str, Any] | None:
        return self.functions[arn].policy

    def change(self, arn: str, policy: dict[str, Any] | None) -> None:
        self.functions[arn].policy, self.functions[arn].revision = policy, str(uuid.uuid4())

    def get_resource_policy(self, ResourceArn: str) -> dict[str, Any]:  # noqa: N803 - Lambda's word
        function = self._function("get_resource_policy", ResourceArn, hidden=True)
        if function.policy is None:
            raise error(NOTHING, "GetResourcePolicy")
        return {"Policy": json.dumps(self.normalised(function.policy)), "RevisionId": function.revision}

    def put_resource_policy(self, ResourceArn: str, Policy: str, RevisionId: str | None = None) -> None:  # noqa: N803 - likewise
        function = self._function("put_resource_policy", ResourceArn)
        if RevisionId not in (None, function.revision):
            raise error(MOVED, "PutResourcePolicy")
        if len(Policy) > self.limit:
            message = f"The final policy size ({len(Policy)}) is bigger than the limit ({self.limit})."
            raise error(("PolicyLengthExceededException", 400, message), "PutResourcePolicy")
        document = json.loads(Policy)
        if self.refuses(document):
            raise error(BAD_PRINCIPAL, "PutResourcePolicy")
        self.puts += 1
        if self.loses_writes:
            self.loses_writes -= 1
            return
        self.change(ResourceArn, document)

    def delete_resource_policy(self, ResourceArn: str, RevisionId: str | None = None) -> None:  # noqa: N803 - likewise
        function = self._function("delete_resource_policy", ResourceArn)
        if function.policy is None:
            raise error(NOTHING, "DeleteResourcePolicy")
        if RevisionId not in (None, function.revision):
            raise error(MOVED, "DeleteResourcePolicy")
        self.change(ResourceArn, None)

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N803 - likewise
        return {"RevisionId": self._function("get_alias", f"{FunctionName}:{Name}").revision}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - likewise
        return {"RevisionId": self._function("get_function_configuration", FunctionName).revision}

    def list_tags(self, Resource: str) -> dict[str, Any]:  # noqa: N803 - likewise
        self._happens("list_tags")
        if not any(arn == Resource or arn.startswith(f"{Resource}:") for arn in self.functions):
            raise error(("ResourceNotFoundException", 404, f"Function not found: {Resource}"), "ListTags")
        return {"Tags": {}}

    def _function(self, operation: str, arn: str, *, hidden: bool = False) -> _Function:
        """The function; one that is gone has no tag that would let us in, so it is refused like an untagged one."""
        self._happens(operation)
        if arn in self.untagged:
            raise error(DENIED, operation)
        if arn not in self.functions:
            raise error(
                NOTHING if hidden else ("ResourceNotFoundException", 404, f"Function not found: {arn}"), operation
            )
        return self.functions[arn]

    def _happens(self, operation: str) -> None:
        if operation in self.before:
            self.before.pop(operation)()
        if self.faults.get(operation):
            raise self.faults[operation].pop(0)


def functions_without_policies() -> LambdaTwin:
    """The owner's account with the two functions."""
    twin = LambdaTwin()
    twin.create(FUNCTION, SECOND)
    return twin


def centre_on(aws: LambdaTwin) -> Centre:
    """A centre over Lambda's calls; the first function is published."""
    policies: Any = Policies(lambda _arn: aws)
    policies.document = aws.document
    centre = Centre(policies=policies)
    assert centre.ask(OWNER, target().event("Create")).status == "SUCCESS"
    return centre
