# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Through which VPC endpoint a call of an API comes: out of a VPC by the one that it was led to, else as its host says."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_networks import arrived
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.vpc_endpoints import public_names

_TEST = "tests/localcloud/test_rest_api_private.py"
_END = r"amazonaws\.com(?:\.cn)?(?::\d+)?"
_BY_NAME = re.compile(rf"([a-z0-9]{{8,10}})-(vpce-[0-9a-f]+)\.execute-api\.([a-z0-9-]+)\.{_END}")
_BY_OWN_NAME = re.compile(rf"([a-z0-9]{{8,10}})\.execute-api\.([a-z0-9-]+)\.{_END}")
_BY_HEADER = re.compile(rf"(vpce-[0-9a-f]+)(?:-[a-z0-9-]+)?\.execute-api\.([a-z0-9-]+)\.vpce\.{_END}")
_HEADER = "x-apigw-api-id"
_OPEN = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
"""The policy of an endpoint that was given none."""

FORBIDDEN = (
    403,
    {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"},
    b'{"message":"Forbidden"}',
)
"""What a call gets that reaches no stage."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a call came: through the endpoint `endpoint` (an id, "" for the public way); None of it if it is not there."""

    endpoint: str = ""
    record: Mapping[str, Any] | None = None

    @property
    def policy(self) -> Any:
        """The endpoint's policy."""
        return (self.record or {}).get("PolicyDocument") or _OPEN

    @property
    def keys(self) -> dict[str, Any]:
        """The condition keys that tell of the endpoint."""
        if self.record is None:
            return {}
        address = part("core.responses").get_request_client_ip()
        return {
            "aws:sourcevpce": self.endpoint,
            "aws:sourcevpc": self.record["VpcId"],
            "aws:vpcsourceip": address,
        }


_arrival: ContextVar[Arrival | None] = ContextVar("localcloud_arrival", default=None)


def arrival() -> Arrival:
    """How the call that is being served came."""
    return _arrival.get() or Arrival()


def apply() -> None:
    """Read hosts of endpoints, and keep endpoints' policies."""
    ec2 = require("services.ec2", "_vpc_endpoints", "_p", "_ACTION_MAP")
    require("core.iam_evaluator", "_request_origin")
    require("core.responses", "get_request_client_ip")
    supplant("app", "_handle_execute_api_request", _arriving)
    supplant("services.ec2", "_create_vpc_endpoint", _with_policy)
    supplant("services.ec2", "_modify_vpc_endpoint", _resetting)
    supplant("services.ec2", "_vpce_fields_xml", _telling)
    ec2._ACTION_MAP["CreateVpcEndpoint"] = ec2._create_vpc_endpoint
    ec2._ACTION_MAP["ModifyVpcEndpoint"] = ec2._modify_vpc_endpoint


@behaviour(
    call="execute-api:Invoke",
    expected="through a VPC endpoint a REST API is called as `<api>-<endpoint>.execute-api.<region>.amazonaws.com`, or "
    "under the endpoint's own DNS name with the header x-apigw-api-id; aws:SourceVpce and aws:SourceVpc are then known, "
    "aws:SourceIp is not",
    source="API Gateway Developer Guide, invoke a private API; IAM User Guide, aws:SourceVpce, aws:SourceIp",
    test=f"{_TEST}::test_a_policy_knows_the_endpoint",
)
def _arriving(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle(host: str, path: str, method: str, headers: Mapping[str, str], *rest: Any, **named: Any) -> Any:
        api, endpoint, region = _read(host, headers)
        led = _led(host, headers)
        if led is not None:
            api, endpoint, region = led
        _arrival.set(_found(endpoint, region))
        if endpoint and not api:
            return FORBIDDEN
        if endpoint:
            host = f"{api}.execute-api.{region}.amazonaws.com"
            evaluator = part("core.iam_evaluator")
            evaluator._request_origin.set(("", evaluator._request_origin.get()[1]))
        return await old(host, path, method, headers, *rest, **named)

    return handle


def _read(host: str, headers: Mapping[str, str]) -> tuple[str, str, str]:
    """The API, the endpoint and the Region of a call that names an endpoint."""
    if match := _BY_NAME.fullmatch(host):
        return match[1], match[2], match[3]
    match = _BY_HEADER.fullmatch(host)
    return (headers.get(_HEADER, ""), match[1], match[2]) if match else ("", "", "")


@behaviour(
    call="execute-api:Invoke",
    expected="out of a VPC a call comes through the endpoint whose name was looked up, and its Host says which API: the API's "
    "own host name, as private DNS has it, the endpoint's with the header x-apigw-api-id, or both in one; a public API is not "
    "reached so",
    source="API Gateway Developer Guide, invoke a private API; AWS Knowledge Center, 403 Forbidden from a VPC; "
    "aws-samples/aws-cross-account-private-api-demo",
    test="tests/localcloud/test_vpc_networks.py::test_an_api_is_called_by_its_own_name_where_private_dns_leads_to_the_endpoint",
)
def _led(host: str, headers: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The same of a call out of a VPC, whatever its host says of an endpoint; None if it came by none for APIs."""
    way = arrived()
    if way is None or way.endpoint is None or not way.endpoint["ServiceName"].endswith(".execute-api"):
        return None
    match = _BY_OWN_NAME.fullmatch(host)
    api = match[1] if match else _read(host, headers)[0]
    return api, way.endpoint["VpcEndpointId"], way.endpoint["ServiceName"].split(".")[2]


def _found(endpoint: str, region: str) -> Arrival:
    for (_, where, name), record in part("services.ec2")._vpc_endpoints.all_items():
        if (where, name) == (region, endpoint) and record["ServiceName"].endswith(f".{region}.execute-api"):
            return Arrival(endpoint, record)
    return Arrival(endpoint)


@behaviour(
    call="ec2:CreateVpcEndpoint",
    expected="PolicyDocument is the endpoint's policy, one that lets all through if there is none; DescribeVpcEndpoints "
    "tells it and the endpoint's DNS name",
    source="Amazon EC2 API Reference, CreateVpcEndpoint, DnsEntry",
    test=f"{_TEST}::test_an_endpoint_tells_its_policy_and_its_name",
)
def _with_policy(old: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create(given: Any) -> Any:
        ec2 = part("services.ec2")
        before = set(ec2._vpc_endpoints)
        made = old(given)
        policy = ec2._p(given, "PolicyDocument")
        for new in set(ec2._vpc_endpoints) - before:
            ec2._vpc_endpoints[new]["PolicyDocument"] = policy or None
        return made

    return create


def _resetting(old: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def modify(given: Any) -> Any:
        ec2 = part("services.ec2")
        answer = old(given)
        endpoint = ec2._vpc_endpoints.get(ec2._p(given, "VpcEndpointId"))
        if endpoint is not None and str(ec2._p(given, "ResetPolicy")).lower() == "true":
            endpoint["PolicyDocument"] = None
        return answer

    return modify


def _telling(old: Callable[..., str]) -> Callable[..., str]:
    def xml(endpoint: Mapping[str, Any], tag: str = "item") -> str:
        policy = Arrival(record=endpoint).policy
        text = policy if isinstance(policy, str) else json.dumps(policy)
        more = f"<policyDocument>{escape(text)}</policyDocument>"
        names = "".join(f"<item><dnsName>{name}</dnsName></item>" for name in public_names(endpoint))
        more += f"<dnsEntrySet>{names}</dnsEntrySet>"
        return old(endpoint, tag).replace(f"</{tag}>", f"{more}</{tag}>")

    return xml
