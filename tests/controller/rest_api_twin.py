"""API Gateway's calls about REST APIs as AWS answers them, errors included (docs/aws-behaviour.md §3).

Named like a client of the AWS library, and raising what that raises.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from centre import Centre
from lambda_twin import Error, error
from twins import ManualClock

from provider.controller.policies import Policies

CONCURRENT: Error = (
    "ConflictException",
    409,
    "Unable to complete operation due to concurrent modification. Please try again later.",
)
THROTTLED: Error = ("TooManyRequestsException", 429, "Too Many Requests")
BROKEN: Error = ("ServiceUnavailableException", 503, "Service Unavailable")
BAD_POLICY: Error = (
    "BadRequestException",
    400,
    "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
)
NO_API: Error = ("NotFoundException", 404, "Invalid API identifier specified 333333333333:ordersapi0")
NO_STAGE: Error = ("NotFoundException", 404, "Invalid stage identifier specified")
DENIED: Error = ("AccessDeniedException", 403, "User: arn:aws:sts::… is not authorized to perform: apigateway:GET")
CANARY: Error = (
    "BadRequestException",
    400,
    (
        "Invalid deployment content specified.Non canary deployment not supported on stage prod because Canary is enabled. "
        "Provide CanarySettings in deploymentInput."
    ),
)
WITHOUT_POLICY: Error = ("BadRequestException", 400, "Private REST API doesn't have a resource policy attached to it")
TOO_LONG: tuple[Error, ...] = (
    ("BadRequestException", 400, "Invalid policy document: the policy exceeds the maximum size of 8192 bytes"),
    ("BadRequestException", 400, "Policy is too large"),
    ("LimitExceededException", 429, "Resource policy size limit exceeded"),
)
"""AWS's words are not established (§3): each of these is one that it may say."""

DEPLOYMENT_PAUSE = 5.0


@dataclass
class Stage:
    """A stage: the deployment that it serves, and whether a canary has a part of its traffic."""

    deployment: str
    canary: bool = False
    served: dict[str, Any] | None = None


@dataclass
class Api:
    """A REST API; `methods` says of each path which methods it has and how these are authorized."""

    policy: dict[str, Any] | None = None
    private: bool = False
    tagged: bool = True
    methods: dict[str, dict[str, str]] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    deployments: dict[str, float] = field(default_factory=dict)


@dataclass
class RestApiTwin:
    """The REST APIs of an account, by id. `faults` are raised one per call of an operation, before it has any effect.

    `limit` is what AWS counts, `too_long` what it says then; `normalised` is how a document is handed back; `refuses` says
    which documents are not taken; `before` runs once just before the next call of an operation; `calls` are all of them.
    """

    apis: dict[str, Api] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    limit: int = 8_192
    too_long: Error = TOO_LONG[0]
    normalised: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
    refuses: Callable[[dict[str, Any]], bool] = lambda _document: False
    loses_writes: int = 0
    page: int = 500
    last_deployment: float = 0.0
    calls: list[str] = field(default_factory=list)

    def create(self, api: str, *stages: str, **traits: Any) -> Api:
        """An API whose stages have been deployed long ago."""
        self.apis[api] = Api(**traits)
        for stage in stages:
            self.apis[api].stages[stage] = Stage("")
            self._deploy(self.apis[api], stage, self.clock.now() - 3600)
        return self.apis[api]

    def owner_deploys(self, api: str, stage: str) -> None:
        """The owner deploys a stage himself."""
        self._deploy(self.apis[api], stage, self.clock.now())

    def count(self, operation: str) -> int:
        """How many calls of an operation there were."""
        return self.calls.count(operation)

    # --- API Gateway's operations, with its words ---------------------------------------------------

    def get_rest_api(self, *, restApiId: str) -> dict[str, Any]:  # noqa: N803 - API Gateway's word
        api = self._api("get_rest_api", restApiId)
        kind = "PRIVATE" if api.private else "REGIONAL"
        found = {"id": restApiId, "name": "orders", "endpointConfiguration": {"types": [kind]}}
        return found if api.policy is None else {**found, "policy": _escaped(self.normalised(api.policy))}

    def update_rest_api(self, *, restApiId: str, patchOperations: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - likewise
        api = self._api("update_rest_api", restApiId)
        ((operation, path, text),) = ((one["op"], one["path"], one["value"]) for one in patchOperations)
        assert (operation, path) == ("replace", "/policy")
        if len(text.encode()) > self.limit:
            raise error(self.too_long, "UpdateRestApi")
        document = json.loads(text) if text else None
        if document is not None and self.refuses(document):
            raise error(BAD_POLICY, "UpdateRestApi")
        if self.loses_writes:
            self.loses_writes -= 1
        else:
            api.policy = document
        return {"id": restApiId}

    def get_resources(
        self,
        *,
        restApiId: str,  # noqa: N803 - likewise
        embed: list[str],
        limit: int,
        position: str = "0",
    ) -> dict[str, Any]:
        api = self._api("get_resources", restApiId)
        assert embed == ["methods"]
        assert 1 <= limit <= 500
        start, size = int(position), min(limit, self.page)
        items = [
            {"id": f"r{number}", "path": path, "resourceMethods": {m: _method(m, how) for m, how in methods.items()}}
            if methods
            else {"id": f"r{number}", "path": path}
            for number, (path, methods) in enumerate(sorted(api.methods.items()))
        ]
        more = {"position": str(start + size)} if start + size < len(items) else {}
        return {"items": items[start : start + size], **more}

    def get_stage(self, *, restApiId: str, stageName: str) -> dict[str, Any]:  # noqa: N803 - likewise
        api = self._api("get_stage", restApiId)
        if stageName not in api.stages:
            raise error(NO_STAGE, "GetStage")
        stage = api.stages[stageName]
        canary = {"canarySettings": {"percentTraffic": 10.0}} if stage.canary else {}
        return {"stageName": stageName, "deploymentId": stage.deployment, **canary}

    def get_deployment(self, *, restApiId: str, deploymentId: str) -> dict[str, Any]:  # noqa: N803 - likewise
        api = self._api("get_deployment", restApiId)
        return {"id": deploymentId, "createdDate": datetime.fromtimestamp(int(api.deployments[deploymentId]), UTC)}

    def create_deployment(self, *, restApiId: str, stageName: str, description: str) -> dict[str, Any]:  # noqa: N803 - likewise
        api = self._api("create_deployment", restApiId)
        assert description
        if self.clock.now() - self.last_deployment < DEPLOYMENT_PAUSE:
            raise error(THROTTLED, "CreateDeployment")
        if api.private and api.policy is None:
            raise error(WITHOUT_POLICY, "CreateDeployment")
        if stageName in api.stages and api.stages[stageName].canary:
            raise error(CANARY, "CreateDeployment")
        self.last_deployment = self.clock.now()
        return {"id": self._deploy(api, stageName, self.clock.now())}

    def get_tags(self, *, resourceArn: str) -> dict[str, Any]:  # noqa: N803 - likewise
        self._happens("get_tags")
        if resourceArn.rpartition("/")[2] not in self.apis:
            raise error(NO_API, "GetTags")
        return {"tags": {}}

    # ------------------------------------------------------------------------------------------------

    def _deploy(self, api: Api, stage: str, now: float) -> str:
        deployment = f"d{len(api.deployments)}"
        api.deployments[deployment] = now
        api.stages[stage] = Stage(deployment, served=api.policy)
        return deployment

    def _api(self, operation: str, api: str) -> Api:
        """The API; one that is gone has no tag that would let us in, so it is refused like an untagged one."""
        self._happens(operation)
        if api not in self.apis or not self.apis[api].tagged:
            raise error(DENIED, operation)
        return self.apis[api]

    def _happens(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.before:
            self.before.pop(operation)()
        if self.faults.get(operation):
            raise self.faults[operation].pop(0)


def centre_on_apis(aws: RestApiTwin) -> Centre:
    """A centre over API Gateway's calls, by its clock."""
    policies: Any = Policies(lambda _arn: aws)
    centre = Centre(policies=policies)
    aws.clock = centre.clock
    return centre


def _escaped(document: dict[str, Any]) -> str:
    """As inside a JSON string, slashes too."""
    return json.dumps(json.dumps(document))[1:-1].replace("/", "\\/")


def _method(name: str, authorization: str) -> dict[str, Any]:
    return {"httpMethod": name, "authorizationType": authorization, "apiKeyRequired": False}
