"""The resource policies of functions and aliases in the owners' accounts, as whole documents with a revision.

Lambda's full resource policies (docs/aws-behaviour.md §1): GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from provider.controller.ports import LivePolicy
from provider.core.documents import Document, text_of, with_deleted_principals
from provider.core.errors import CrossAccountError, PolicyFull, PolicyRefused, ResourceGone, ShutOut, WriteUnsettled
from provider.core.identifiers import Arn

_ON_THE_POLICY = ["lambda:GetResourcePolicy", "lambda:PutResourcePolicy", "lambda:DeleteResourcePolicy"]
_ON_THE_FUNCTION = ["lambda:GetFunctionConfiguration", "lambda:GetAlias", "lambda:ListTags"]

_DENIED = ("AccessDeniedException", "AccessDenied")
_REFUSED = ("InvalidParameterValueException", "PublicPolicyException", "ValidationException")


class FunctionPolicies:
    """See `ports.PolicyStore`; `client_for` gives a Lambda client of the owner's account for an ARN.

    It may raise `ShutOut` or `WriteUnsettled` itself, where the grantor role cannot be assumed.
    """

    limit = 20_480

    def __init__(self, client_for: Callable[[Arn], Any]) -> None:
        self._client_for = client_for

    def read(self, arn: Arn) -> LivePolicy:
        """See `ports.PolicyStore.read`."""
        client = self._client_for(arn)
        try:
            return _policy(client, arn)
        except ResourceGone:
            # No function and no policy are answered alike: ask for the function itself. Whoever wrote the first
            # statement since then has moved the revision, so look once more after that was read.
            revision = _revision(client, arn)
            try:
                return _policy(client, arn)
            except ResourceGone:
                return LivePolicy(None, revision)
        except ShutOut:
            # A function that is gone has no tag that would let us in: ask for the one thing that needs none.
            _call(arn, client.list_tags, Resource=_unqualified(arn))
            raise

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        """See `ports.PolicyStore.write`."""
        client = self._client_for(arn)
        precondition = {"RevisionId": revision} if revision else {}
        if document is None:
            _call(arn, client.delete_resource_policy, ResourceArn=arn, **precondition)
            return
        text = text_of(document)
        if len(text) > self.limit:
            raise PolicyFull(arn, len(text), self.limit)
        try:
            _call(arn, client.put_resource_policy, ResourceArn=arn, Policy=text, **precondition)
        except PolicyRefused as refused:
            raise PolicyRefused(arn, refused.message, with_deleted_principals(document)) from refused


def session_policy(arn: Arn) -> str:
    """What a session keeps of the grantor role's power: one policy to change, one function to look at.

    GetAlias is an action on the function, while an alias's policy lies under the alias's own ARN.
    """
    statements = [
        {"Effect": "Allow", "Action": _ON_THE_POLICY, "Resource": arn},
        {"Effect": "Allow", "Action": _ON_THE_FUNCTION, "Resource": _unqualified(arn)},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def _unqualified(arn: Arn) -> str:
    """The function of an alias; an ARN has seven parts before the qualifier."""
    return ":".join(arn.split(":")[:7])


def _policy(client: Any, arn: Arn) -> LivePolicy:
    found = _call(arn, client.get_resource_policy, ResourceArn=arn)
    return LivePolicy(json.loads(found["Policy"]), found["RevisionId"])


def _revision(client: Any, arn: Arn) -> str:
    function = _unqualified(arn)
    if function == arn:
        found = _call(arn, client.get_function_configuration, FunctionName=arn)
    else:
        found = _call(arn, client.get_alias, FunctionName=function, Name=arn.removeprefix(f"{function}:"))
    return str(found["RevisionId"])


def _call(arn: Arn, operation: Callable[..., Any], **arguments: Any) -> Any:
    try:
        return operation(**arguments)
    except ClientError as error:
        raise _explained(arn, operation.__name__, error) from error
    except BotoCoreError as error:
        raise WriteUnsettled(arn, type(error).__name__) from error


def _explained(arn: Arn, operation: str, error: ClientError) -> CrossAccountError:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "ResourceNotFoundException":
        return ResourceGone(arn)
    if code in _DENIED:
        return ShutOut(arn, "lambda:" + operation.title().replace("_", ""))
    if code == "PolicyLengthExceededException":
        # "The final policy size (20749) is bigger than the limit (20480).": docs/aws-behaviour.md §1.
        sizes = [int(number) for number in re.findall(r"\(([0-9]+)\)", message)]
        return PolicyFull(arn, *(sizes if len(sizes) == 2 else (FunctionPolicies.limit, FunctionPolicies.limit)))
    if code in _REFUSED:
        return PolicyRefused(arn, message.rstrip("."))
    # Concurrent modification, a moved revision, throttling, a fault of the service: all of it may pass.
    return WriteUnsettled(arn, code)
