# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""What a VPC endpoint is told to be, and tells of itself: its names, private DNS, where its interfaces are and behind what."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_vpc_resources.py"
_WITHIN = "execute-api"
_ZONES = "Z7HUB22UULQXV"
_Made = tuple[str, Mapping[str, Any]]
_Record = Mapping[str, Any]


class _PrivateDnsError(ValueError):
    """An endpoint cannot have the service's names in its VPC."""


def apply() -> None:
    """Keep and tell what the base leaves out, by the API and in stacks."""
    ec2 = require(
        "services.ec2", "_vpc_endpoints", "_vpcs", "_subnets", "_p", "_parse_member_list", "_error", "_ACTION_MAP"
    )
    supplant("services.ec2", "_create_vpc_endpoint", _with_all_it_is_told)
    supplant("services.ec2", "_vpce_fields_xml", _telling_all)
    ec2._ACTION_MAP["CreateVpcEndpoint"] = ec2._create_vpc_endpoint
    handlers = require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")._RESOURCE_HANDLERS
    for change in ("create", "update"):
        handlers["AWS::EC2::VPCEndpoint"][change] = _with_names(handlers["AWS::EC2::VPCEndpoint"][change])


def has_private_dns(endpoint: _Record) -> bool:
    """Whether the service's own names lead to an endpoint within its VPC."""
    return str(endpoint.get("PrivateDnsEnabled")).lower() == "true"


def public_names(endpoint: _Record) -> list[str]:
    """The names of an interface endpoint's own: of the Region first, then of each zone it is in."""
    if endpoint["VpcEndpointType"] != "Interface":
        return []
    own = endpoint["VpcEndpointId"]
    _, _, region, service = endpoint["ServiceName"].split(".", 3)
    end = f"{'.'.join(reversed(service.split('.')))}.{region}.vpce.amazonaws.com"
    subnets = part("services.ec2")._subnets
    zones = [found["AvailabilityZone"] for name in endpoint.get("SubnetIds", ()) if (found := subnets.get(name))]
    return [f"{own}-{own[-8:]}.{end}", *(f"{own}-{own[-8:]}-{zone}.{end}" for zone in zones)]


def _private_name(endpoint: _Record) -> str:
    _, _, region, service = endpoint["ServiceName"].split(".", 3)
    name = f"{'.'.join(reversed(service.split('.')))}.{region}.amazonaws.com"
    return f"*.{name}" if service == _WITHIN else name


@behaviour(
    call="cloudformation:AWS::EC2::VPCEndpoint",
    expected="DnsEntries are `<hosted zone>:<name>`: the endpoint's name of the Region, those of its zones, the private one",
    source="CloudFormation Template Reference, AWS::EC2::VPCEndpoint",
    test=f"{_TEST}::test_an_endpoint_of_a_stack_has_its_names",
)
def _with_names(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def change(*arguments: Any, **named: Any) -> _Made:
        made, attributes = old(*arguments, **named)
        endpoint = part("services.ec2")._vpc_endpoints[made]
        try:
            _check_private_dns(endpoint)
        except _PrivateDnsError:
            endpoint["PrivateDnsEnabled"] = False
            if made not in arguments:  # it was not there before
                part("services.ec2")._vpc_endpoints.pop(made)
            raise
        names = [*public_names(endpoint), *([_private_name(endpoint)] if has_private_dns(endpoint) else [])]
        endpoint["DnsEntries"] = [f"{_ZONES}:{name}" for name in names]
        return made, {**attributes, "DnsEntries": endpoint["DnsEntries"]}

    return change


@behaviour(
    call="ec2:CreateVpcEndpoint",
    expected="PrivateDnsEnabled needs both DNS attributes of the VPC, and is refused where another endpoint of the VPC has it "
    "for the same service: InvalidParameter 'private-dns-enabled cannot be set because there is already a conflicting DNS "
    "domain for … in the VPC …'. Where it is not given, it is false here",
    source="fortinet/fortigate-autoscale-aws#43, hashicorp/terraform-provider-aws#17535; AWS PrivateLink Guide, private DNS",
    test=f"{_TEST}::test_one_endpoint_of_a_vpc_has_private_dns_for_a_service",
)
def _check_private_dns(endpoint: _Record) -> None:
    if endpoint["VpcEndpointType"] != "Interface" or not has_private_dns(endpoint):
        return
    ec2, vpc = part("services.ec2"), endpoint["VpcId"]
    record = ec2._vpcs.get(vpc) or {}
    if not (record.get("EnableDnsSupport", True) and record.get("EnableDnsHostnames", record.get("IsDefault", False))):
        words = (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for"
        )
        raise _PrivateDnsError(f"{words} {vpc}")
    for name, other in ec2._vpc_endpoints.items():
        same = (other["VpcId"], other["ServiceName"]) == (vpc, endpoint["ServiceName"])
        if name != endpoint["VpcEndpointId"] and same and has_private_dns(other):
            words = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for"
            raise _PrivateDnsError(f"{words} {_private_name(endpoint)} in the VPC {vpc}")


def _with_all_it_is_told(old: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create(given: Any) -> Any:
        ec2 = part("services.ec2")
        before = set(ec2._vpc_endpoints)
        made = old(given)
        for new in set(ec2._vpc_endpoints) - before:
            endpoint = ec2._vpc_endpoints[new]
            endpoint["PrivateDnsEnabled"] = ec2._p(given, "PrivateDnsEnabled") or "false"
            endpoint["SecurityGroupIds"] = ec2._parse_member_list(given, "SecurityGroupId")
            try:
                _check_private_dns(endpoint)
            except _PrivateDnsError as error:
                ec2._vpc_endpoints.pop(new)
                return ec2._error("InvalidParameter", str(error), 400)
        return made

    return create


def _telling_all(old: Callable[..., str]) -> Callable[..., str]:
    def xml(endpoint: _Record, tag: str = "item") -> str:
        groups = "".join(f"<item><groupId>{one}</groupId></item>" for one in endpoint.get("SecurityGroupIds", ()))
        dns = f"<privateDnsEnabled>{str(has_private_dns(endpoint)).lower()}</privateDnsEnabled>"
        return old(endpoint, tag).replace(f"</{tag}>", f"<groupSet>{groups}</groupSet>{dns}</{tag}>")

    return xml
