"""What the owner has published in the tests, as the owner sees and changes it: functions, a REST API with its stage, a role.

A *place* is what lets callers in by a policy: an alias, the API, its stage (by the policy that was deployed there), the role.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deployed_names import HOME, OWNER

from provider.localcloud import LocalCloud

STAGE = "prod"


@dataclass(frozen=True, slots=True)
class Served:
    """What a stage serves: a deployment, by its id, and whether a canary shares its traffic."""

    deployment: str
    has_canary: bool = False


@dataclass
class Owned:
    """The owner's resources; `outputs` are those of `templates/owner.yaml`."""

    cloud: LocalCloud
    outputs: Mapping[str, str]

    @cached_property
    def places(self) -> Mapping[str, str]:
        """The ARN of each place by the name that the operations have for it."""
        outputs, api = self.outputs, f"arn:aws:execute-api:{HOME}:{OWNER}:{self.outputs['Api']}"
        functions = {"first": outputs["First"], "second": outputs["Second"], "spare": outputs["Spare"]}
        return {**functions, "api": api, "stage": f"{api}/{STAGE}", "role": outputs["Role"]}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What properties may name in braces."""
        return {**self.places, "function": self.outputs["First"].rpartition(":")[0], "api": self.outputs["Api"]}

    @cached_property
    def _functions(self) -> Any:
        return self.cloud.client("lambda", "owner")

    @cached_property
    def _gateway(self) -> Any:
        return self.cloud.client("apigateway", "owner")

    @cached_property
    def _roles(self) -> Any:
        return self.cloud.client("iam", "owner")

    def stands(self, arn: str) -> Any:
        """The policy of a place, None where there is none; of the stage, what it serves."""
        match arn.split(":")[2]:
            case "lambda":
                return self._policy_of_function(arn)
            case "iam":
                return self._roles.get_role(RoleName=_name(arn))["Role"]["AssumeRolePolicyDocument"]
            case _:
                return self._served() if arn == self.places["stage"] else self._policy_of_api()

    def put(self, arn: str, standing: Any) -> None:
        """Make something else stand at a place; None removes a policy."""
        text = json.dumps(standing) if isinstance(standing, Mapping) else ""
        match arn.split(":")[2]:
            case "lambda" if standing is None:
                self._functions.delete_resource_policy(ResourceArn=arn)
            case "lambda":
                self._functions.put_resource_policy(ResourceArn=arn, Policy=text)
            case "iam":
                self._roles.update_assume_role_policy(RoleName=_name(arn), PolicyDocument=text)
            case _ if isinstance(standing, Served):
                self._serve(standing)
            case _:
                patch = [{"op": "replace", "path": "/policy", "value": text}]
                self._gateway.update_rest_api(restApiId=self.outputs["Api"], patchOperations=patch)

    def deploy(self, **canary: Any) -> str:
        """Deploy the API to its stage, or beside it as a canary; the deployment's id."""
        made = self._gateway.create_deployment(restApiId=self.outputs["Api"], stageName=STAGE, **canary)
        return str(made["id"])

    def _policy_of_function(self, arn: str) -> Any:
        try:
            return json.loads(self._functions.get_resource_policy(ResourceArn=arn)["Policy"])
        except self._functions.exceptions.ResourceNotFoundException:
            return None

    def _policy_of_api(self) -> Any:
        """API Gateway hands it back escaped as if inside a JSON string (docs/aws-behaviour.md §3)."""
        text = self._gateway.get_rest_api(restApiId=self.outputs["Api"]).get("policy")
        return json.loads(json.loads(f'"{text}"')) if text else None

    def _served(self) -> Served:
        stage = self._gateway.get_stage(restApiId=self.outputs["Api"], stageName=STAGE)
        return Served(stage["deploymentId"], bool(stage.get("canarySettings")))

    def _serve(self, wanted: Served) -> None:
        """Point the stage to a deployment; a canary that it may have is gone then."""
        patches = [{"op": "replace", "path": "/deploymentId", "value": wanted.deployment}]
        if not wanted.has_canary:
            patches.insert(0, {"op": "remove", "path": "/canarySettings"})
        self._gateway.update_stage(restApiId=self.outputs["Api"], stageName=STAGE, patchOperations=patches)


def _name(role: str) -> str:
    return role.rpartition("/")[2]
