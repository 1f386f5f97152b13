# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""What can be reached from a VPC: its endpoints by their names, the internet by its routes, and what security groups let through."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require
from provider.localcloud.corrections.vpc_endpoints import has_private_dns

_TEST = "tests/localcloud/test_vpc_networks.py"
_SUFFIX = r"amazonaws\.com(?:\.cn)?"
_ENDPOINT = re.compile(rf"(?:[a-z0-9]{{8,10}}-)?(vpce-[0-9a-f]+)\b.*\.{_SUFFIX}")
_SERVICE = re.compile(rf"(?:(.+)\.)?([a-z0-9-]+)\.([a-z]{{2}}(?:-[a-z]+)+-\d)\.{_SUFFIX}")
_WITHIN = {"execute-api", "s3", "ddb"}
"""Services whose hosts have a part of their own in front."""

_EVERYWHERE = "0.0.0.0/0"
_HTTPS = 443
_Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Network:
    """Where the network interfaces of a function are."""

    account: str
    region: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """How something is reached: through the VPC endpoint `endpoint`, or over the internet (None)."""

    endpoint: _Record | None = None


def apply() -> None:
    """Make sure of the base's names that are used here."""
    require("services.ec2", "_subnets", "_vpcs", "_route_tables", "_security_groups", "_vpc_endpoints")
    require("services.ec2", "_aws_pl_id_from_name")


@behaviour(
    call="lambda:Invoke",
    expected="a function in a VPC reaches a service through the VPC's endpoint for it, under the service's own name if the "
    "endpoint has private DNS, else under the endpoint's; over the internet if its subnets route there, and not by an internet "
    "gateway; nothing answers it elsewhere",
    source="AWS Lambda Developer Guide, giving Lambda functions access to resources in an Amazon VPC; AWS PrivateLink Guide, "
    "access an AWS service using an interface VPC endpoint",
    test=f"{_TEST}::test_a_function_in_a_vpc_reaches_what_its_endpoints_lead_to",
)
def way(network: Network, host: str) -> Way | None:
    """How `host` is reached from a network; None if nothing there answers."""
    subnets = [found for name in network.subnets if (found := _scoped("_subnets", network, name))]
    if not subnets:
        return None
    vpc = subnets[0]["VpcId"]
    for endpoint in _endpoints(network, vpc):
        if _is_name_of(endpoint, host, network, subnets):
            return Way(endpoint) if _lets_through(network, subnets, endpoint) else None
    if _ENDPOINT.fullmatch(host) or not all(_leads_out(network, subnet) for subnet in subnets):
        return None
    return Way() if _permits(network, network.groups, "IpPermissionsEgress", (), [_EVERYWHERE]) else None


def _scoped(store: str, network: Network, name: str) -> Any:
    return getattr(part("services.ec2"), store).get_scoped(network.account, network.region, name)


def _all(store: str, network: Network) -> Iterator[_Record]:
    for (account, region, _), record in getattr(part("services.ec2"), store).all_items():
        if (account, region) == (network.account, network.region):
            yield record


def _endpoints(network: Network, vpc: str) -> Iterator[_Record]:
    return (one for one in _all("_vpc_endpoints", network) if one["VpcId"] == vpc)


def _is_name_of(endpoint: _Record, host: str, network: Network, subnets: Iterable[_Record]) -> bool:
    """Whether a host name leads to an endpoint: its own names do, and the service's with private DNS or by a route."""
    own = _ENDPOINT.fullmatch(host)
    if own:
        return bool(own[1] == endpoint["VpcEndpointId"])
    service, region = _service(host)
    if endpoint["ServiceName"] != f"com.amazonaws.{region}.{service}":
        return False
    if endpoint["VpcEndpointType"] == "Gateway":
        tables = {_table(network, subnet)["RouteTableId"] for subnet in subnets}
        return tables <= set(endpoint["RouteTableIds"])
    return has_private_dns(endpoint)


def _service(host: str) -> tuple[str, str]:
    """The service of a host name as endpoints call it, and its Region."""
    match = _SERVICE.fullmatch(host)
    if match is None:
        return "", ""
    front, service, region = match[1] or "", match[2], match[3]
    if service in _WITHIN:
        return {"ddb": "dynamodb"}.get(service, service), region
    return ".".join([service, *reversed(front.split("."))]) if front else service, region


def _table(network: Network, subnet: _Record) -> _Record:
    """The route table of a subnet: its own, or the VPC's main one."""
    tables = [one for one in _all("_route_tables", network) if one["VpcId"] == subnet["VpcId"]]
    own = (one for one in tables if any(a.get("SubnetId") == subnet["SubnetId"] for a in one["Associations"]))
    main = (one for one in tables if any(a.get("Main") for a in one["Associations"]))
    return next(own, None) or next(main, {"RouteTableId": "", "Routes": []})


def _leads_out(network: Network, subnet: _Record) -> bool:
    """Whether a subnet has a default route that serves interfaces without a public address."""
    routes = _table(network, subnet)["Routes"]
    out = (one for one in routes if one.get("DestinationCidrBlock") == _EVERYWHERE)
    return any(not str(one.get("GatewayId", "")).startswith("igw-") for one in out)


@behaviour(
    call="lambda:Invoke",
    expected="security groups count: the function's must let HTTPS out to an endpoint's groups or addresses, or to a gateway "
    "endpoint's prefix list, and an interface endpoint's must let it in",
    source="Amazon VPC User Guide, security group rules; AWS PrivateLink Guide, security groups",
    test=f"{_TEST}::test_security_groups_let_through_what_their_rules_say",
)
def _lets_through(network: Network, subnets: Iterable[_Record], endpoint: _Record) -> bool:
    out = "IpPermissionsEgress"
    if endpoint["VpcEndpointType"] == "Gateway":
        service = endpoint["ServiceName"]
        return _permits(network, network.groups, out, (), [_EVERYWHERE], service)
    vpc = _scoped("_vpcs", network, endpoint["VpcId"]) or {}
    groups = tuple(endpoint.get("SecurityGroupIds") or [vpc.get("DefaultSecurityGroupId", "")])
    here = [one["CidrBlock"] for one in subnets]
    placed = [found for name in endpoint.get("SubnetIds", ()) if (found := _scoped("_subnets", network, name))]
    there = [one["CidrBlock"] for one in placed] or [str(vpc.get("CidrBlock", _EVERYWHERE))]
    goes_out = _permits(network, network.groups, out, groups, there)
    return goes_out and _permits(network, groups, "IpPermissions", network.groups, here)


def _permits(  # noqa: PLR0913, PLR0917 - one rule has all these parts
    network: Network,
    groups: Iterable[str],
    direction: str,
    peers: Iterable[str],
    addresses: Iterable[str],
    service: str = "",
) -> bool:
    """Whether one of the groups lets HTTPS to or from members of `peers`, or `addresses`, or a service's prefix list."""
    for name in groups:
        group = _scoped("_security_groups", network, name) or {}
        if group.get("GroupName") == "default" and name in peers:
            return True
        for rule in group.get(direction, ()):
            if _is_https(rule) and _is_about(rule, set(peers), list(addresses), service):
                return True
    return False


def _is_https(rule: _Record) -> bool:
    protocol = str(rule.get("IpProtocol"))
    first, last = int(rule.get("FromPort", 0)), int(rule.get("ToPort", 65535))
    return protocol == "-1" or (protocol in {"tcp", "6"} and first <= _HTTPS <= last)


def _is_about(rule: _Record, peers: set[str], addresses: list[str], service: str) -> bool:
    named = {pair.get("GroupId") for pair in rule.get("UserIdGroupPairs", ())}
    ranges = [ip_network(one["CidrIp"], strict=False) for one in rule.get("IpRanges", ())]
    # Addresses of single interfaces are not known here, only the ranges that they are from.
    meets = any(one.overlaps(ip_network(other)) for one in ranges for other in addresses if _fits(one, other))
    lists = [one["PrefixListId"] for one in rule.get("PrefixListIds", ())]
    return bool(named & peers) or meets or part("services.ec2")._aws_pl_id_from_name(service) in lists


def _fits(rule: Any, address: str) -> bool:
    """The whole internet is met only by a rule for all of it."""
    return address != _EVERYWHERE or rule.prefixlen == 0
