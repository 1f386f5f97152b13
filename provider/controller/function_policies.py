"""The resource policies of functions and aliases in the owners' accounts, as whole documents with a revision.

Lambda's full resource policies (docs/aws-behaviour.md §1): GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from provider.controller.aws_calls import call
from provider.controller.ports import LivePolicy
from provider.core.documents import Document, text_of, with_deleted_principals
from provider.core.errors import CrossAccountError, PolicyFull, PolicyRefused, ResourceGone, ShutOut
from provider.core.identifiers import Arn, FunctionArn

LIMIT = 20_480
"""Characters of a function's policy; AWS does not raise it."""

_ON_THE_POLICY = ["lambda:GetResourcePolicy", "lambda:PutResourcePolicy", "lambda:DeleteResourcePolicy"]
_ON_THE_FUNCTION = ["lambda:GetFunctionConfiguration", "lambda:GetAlias", "lambda:ListTags"]
_REFUSED = ("InvalidParameterValueException", "PublicPolicyException", "ValidationException")


class FunctionPolicies:
    """See `ports.PolicyStore`; `client_for` gives a Lambda client of the owner's account for an ARN.

    It may raise `ShutOut` or `WriteUnsettled` itself, where the grantor role cannot be assumed.
    """

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
        if len(text) > LIMIT:
            raise PolicyFull(arn, len(text), LIMIT)
        try:
            _call(arn, client.put_resource_policy, ResourceArn=arn, Policy=text, **precondition)
        except PolicyRefused as refused:
            raise PolicyRefused(arn, refused.message, with_deleted_principals(document)) from refused


def session_policy(arn: FunctionArn) -> list[dict[str, Any]]:
    """What a session keeps of the grantor role's power: one policy to change, one function to look at.

    GetAlias is an action on the function, while an alias's policy lies under the alias's own ARN.
    """
    return [
        {"Effect": "Allow", "Action": _ON_THE_POLICY, "Resource": arn.text},
        {"Effect": "Allow", "Action": _ON_THE_FUNCTION, "Resource": arn.function},
    ]


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


def _explained(arn: Arn, code: str, message: str) -> CrossAccountError | None:
    if code == "ResourceNotFoundException":
        return ResourceGone(arn)
    if code == "PolicyLengthExceededException":
        # "The final policy size (20749) is bigger than the limit (20480).": docs/aws-behaviour.md §1.
        sizes = [int(number) for number in re.findall(r"\(([0-9]+)\)", message)]
        return PolicyFull(arn, *(sizes if len(sizes) == 2 else (LIMIT, LIMIT)))
    return PolicyRefused(arn, message.rstrip(".")) if code in _REFUSED else None


def _call(arn: Arn, operation: Callable[..., Any], **arguments: Any) -> Any:
    return call(arn, "lambda", _explained, operation, **arguments)
