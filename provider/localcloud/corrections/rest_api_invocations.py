# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""One call of a REST API: what it is about, what IAM is told of it, and how it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.api_vpc_endpoints import Arrival
from provider.localcloud.corrections.ministack_names import part, require

INVOKE = "execute-api:Invoke"
_REST = "services.apigateway_v1"

Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Make sure of the base's names that are used here."""
    require("core.iam_evaluator", "EvalContext")
    require("core.router", "extract_access_key_id")
    require(_REST, "_GatewayError", "_gateway_error_response", "new_uuid")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of one method of a stage, in the API's account and Region."""

    api: Mapping[str, Any]
    account: str
    region: str
    stage_name: str
    stage: Mapping[str, Any]
    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    arrival: Arrival

    @property
    def arn(self) -> str:
        """The resource that policies speak of."""
        where = (self.region, self.account, self.api["id"], self.stage_name, self.method, self.path)
        return str(part("core.arn").execute_api_arn(*where))

    @property
    def access_key(self) -> str:
        """The key that it is signed with, "" for none."""
        return str(part("core.router").extract_access_key_id(self.headers, self.query))

    def context(self, principal: Any = None) -> Any:
        """What IAM's evaluation is given: of `principal`, or of nobody known."""
        context = part("core.iam_evaluator").EvalContext
        keys = self.arrival.keys
        if principal is None:
            return context("*", "Anonymous", "", INVOKE, self.arn, self.region, service_context=keys)
        who = (principal.arn, principal.type, principal.account)
        return context(*who, INVOKE, self.arn, self.region, service_context=keys, principal_keys=principal.keys)

    def error(self, kind: str, message: str, error_type: str | None = None) -> Answer:
        """A refusal as the stage's gateway responses word it."""
        rest = part(_REST)
        asked = {
            "api_id": self.api["id"],
            "stage_name": self.stage_name,
            "stage": self.stage,
            "headers": self.headers,
            "query_params": self.query,
            "path_params": {},
            "resource_path": "",
            "request_id": rest.new_uuid(),
        }
        with part("core.responses").request_scope(self.account, self.region):
            answer: Answer = rest._gateway_error_response(rest._GatewayError(kind, message, error_type), asked)
        return answer

    @behaviour(
        call="execute-api:Invoke",
        expected='a refusal is 403 AccessDeniedException {"Message": …} and names caller (or anonymous), ARN with a masked '
        "account, and which policy did not allow",
        source="API Gateway Developer Guide, troubleshoot your resource policy; the base's measurements",
        test="tests/localcloud/test_rest_api_calls.py::test_a_refusal_has_awss_words",
    )
    def denied(self, who: str, decision: str, policy: str) -> Answer:
        """The refusal of `who`, by an explicit deny or the silence of a `policy` ("resource-based policy")."""
        return self.error("ACCESS_DENIED", self.words(who, decision, policy))

    def words(self, who: str, decision: str, policy: str) -> str:
        """What a refusal says."""
        shown = self.arn.replace(f":{self.account}:", f":********{self.account[-4:]}:", 1)
        why = (
            f"with an explicit deny in a {policy}"
            if decision == "Deny"
            else f"because no {policy} allows the {INVOKE} action"
        )
        return f"User: {who} is not authorized to perform: {INVOKE} on resource: {shown} {why}"
