"""The resource policies of REST APIs in the owners' accounts, and the stages that serve them (docs/aws-behaviour.md §3).

A policy has no revision: the last writer of the whole document wins, so the lease and the read-back must do.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from provider.controller.aws_calls import call
from provider.controller.ports import LivePolicy, Stage
from provider.core.documents import Document, text_of, with_deleted_principals
from provider.core.errors import (
    CrossAccountError,
    DeploymentRefused,
    PolicyFull,
    PolicyRefused,
    ResourceGone,
    ShutOut,
    StageNotFound,
    WriteUnsettled,
)
from provider.core.identifiers import Arn, RestApiArn, target_arn

LIMIT = 8_192
"""Characters of an API's policy, unless AWS has raised the account's quota."""

_PAGE = 500
_EXPLICIT_ALLOW = ("NONE", "COGNITO_USER_POOLS")
"""Types of authorization that leave it to the policy, once there is one, to allow a caller explicitly."""
_TOO_LONG = re.compile(
    r"exceed|too (?:long|large)|(?:maximum|max|limit)\b.*\b(?:size|length)|(?:size|length)\b.*\b(?:maximum|max|limit)",
    re.IGNORECASE,
)
_DESCRIPTION = "Its resource policy has changed (cross-account permissions)"


class RestApiPolicies:
    """See `ports.PolicyStore`; `client_for` gives an API Gateway client of the owner's account for an ARN."""

    def __init__(self, client_for: Callable[[Arn], Any]) -> None:
        self._client_for = client_for

    def read(self, arn: Arn) -> LivePolicy:
        """See `ports.PolicyStore.read`."""
        client = self._client_for(arn)
        try:
            api = _call(arn, client.get_rest_api, restApiId=_parts(arn).api)
        except ShutOut:
            _tell_gone(client, arn)
            raise
        private = "PRIVATE" in api.get("endpointConfiguration", {}).get("types", ())
        return LivePolicy(_decoded(arn, api.get("policy")), None, private)

    def write(self, arn: Arn, document: Document | None, revision: str | None) -> None:
        """See `ports.PolicyStore.write`; an API has no revision to be checked."""
        del revision
        client, text = self._client_for(arn), text_of(document) if document else ""
        patch = [{"op": "replace", "path": "/policy", "value": text}]
        try:
            _call(arn, client.update_rest_api, restApiId=_parts(arn).api, patchOperations=patch)
        except PolicyFull as full:
            raise PolicyFull(arn, len(text), LIMIT) from full
        except PolicyRefused as refused:
            raise PolicyRefused(arn, refused.message, with_deleted_principals(document or {})) from refused

    def methods_for_everybody(self, arn: Arn) -> tuple[str, ...]:
        """See `ports.PolicyStore.methods_for_everybody`."""
        client = self._client_for(arn)
        found = (
            f"{method} {resource['path']}"
            for resource in _resources(client, arn)
            for method, one in resource.get("resourceMethods", {}).items()
            if one.get("authorizationType", "NONE") in _EXPLICIT_ALLOW
        )
        return tuple(sorted(found))

    def stage(self, arn: Arn) -> Stage:
        """See `ports.PolicyStore.stage`."""
        client, parts = self._client_for(arn), _parts(arn)
        names = {"restApiId": parts.api, "stageName": parts.stage}
        try:
            stage = _call(arn, client.get_stage, **names)
        except ResourceGone as gone:
            raise StageNotFound(arn) from gone
        except ShutOut:
            _tell_gone(client, parts.resource)
            raise
        try:
            deployment = _call(arn, client.get_deployment, restApiId=parts.api, deploymentId=stage["deploymentId"])
        except ResourceGone as replaced:  # by another deployment, just now
            raise WriteUnsettled(arn, "its stage is being deployed") from replaced
        return Stage(deployment["createdDate"].timestamp(), bool(stage.get("canarySettings")))

    def deploy(self, arn: Arn) -> None:
        """See `ports.PolicyStore.deploy`; a StageDescription would be an error on a stage that exists."""
        client, parts = self._client_for(arn), _parts(arn)
        names = {"restApiId": parts.api, "stageName": parts.stage}
        call(arn, "apigateway", _undeployed, client.create_deployment, **names, description=_DESCRIPTION)


def session_policy(arn: RestApiArn) -> list[dict[str, Any]]:
    """What a session keeps of the grantor role's power: one API's policy and deployments to change, the API to look at."""
    api = control_arn(arn)
    below = [f"{api}/{part}" for part in ("deployments", "deployments/*", "resources", "stages/*")]
    tags = f"arn:{arn.partition}:apigateway:{arn.region}::/tags/*"
    return [
        {"Effect": "Allow", "Action": "apigateway:GET", "Resource": [api, *below, tags]},
        {"Effect": "Allow", "Action": ["apigateway:PATCH", "apigateway:UpdateRestApiPolicy"], "Resource": api},
        {"Effect": "Allow", "Action": "apigateway:POST", "Resource": f"{api}/deployments"},
    ]


def control_arn(arn: RestApiArn) -> str:
    """The API by API Gateway's own ARN, which holds no account."""
    return f"arn:{arn.partition}:apigateway:{arn.region}::/restapis/{arn.api}"


def _parts(arn: Arn) -> RestApiArn:
    found = target_arn(arn)
    if not isinstance(found, RestApiArn):  # pragma: no cover - `policies` sends nothing else here
        raise TypeError(arn)
    return found


def _decoded(arn: Arn, text: str | None) -> Document | None:
    """The policy, which API Gateway hands back escaped as if inside a JSON string."""
    if not text:
        return None
    try:
        found = json.loads(json.loads(f'"{text}"')) if text.startswith("{\\") else json.loads(text)
    except ValueError as error:
        raise WriteUnsettled(arn, "its policy cannot be read") from error
    document: Document = found
    return document


def _tell_gone(client: Any, arn: Arn) -> None:
    """Whether an API is gone: then it has no tag that would let us in, so ask for the one thing that needs none.

    Raises:
        ResourceGone: it is.
    """
    _call(arn, client.get_tags, resourceArn=control_arn(_parts(arn)))


def _resources(client: Any, arn: Arn) -> Iterator[Any]:
    position: dict[str, str] = {}
    while True:
        page = _call(arn, client.get_resources, restApiId=_parts(arn).api, embed=["methods"], limit=_PAGE, **position)
        yield from page.get("items", ())
        if not page.get("position"):
            return
        position = {"position": page["position"]}


def _explained(arn: Arn, code: str, message: str) -> CrossAccountError | None:
    if code == "NotFoundException":
        return ResourceGone(arn)
    if code in ("BadRequestException", "LimitExceededException"):
        return PolicyFull(arn, LIMIT, LIMIT) if _TOO_LONG.search(message) else PolicyRefused(arn, message.rstrip("."))
    # ConflictException among others: "Unable to complete operation due to concurrent modification. Please try again later."
    return None


def _undeployed(arn: Arn, code: str, message: str) -> CrossAccountError | None:
    if code == "NotFoundException":
        return ResourceGone(arn)
    # A canary that was not there yet, or no policy of a private API (docs/aws-behaviour.md §3).
    return DeploymentRefused(arn, message.rstrip(".")) if code == "BadRequestException" else None


def _call(arn: Arn, operation: Callable[..., Any], **arguments: Any) -> Any:
    return call(arn, "apigateway", _explained, operation, **arguments)
