# ruff: noqa: SLF001, ARG001 - a correction reaches into the base's private names, and has its handlers' signatures
"""Which web ACL stands before a stage of an API; it is kept and told, and lets everything through here."""

import json
import re
from collections.abc import Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require

_Made = tuple[str, Mapping[str, Any]]
_Properties = dict[str, Any]
_STAGE = re.compile(r"arn:aws[\w-]*:apigateway:[^:]*::/restapis/([^/]+)/stages/([^/]+)")


def apply() -> None:
    """Add the type."""
    require("services.waf", "_associate_web_acl", "_disassociate_web_acl", "_associations")
    require("services.apigateway_v1", "_stages_v1")
    base = require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    base._RESOURCE_HANDLERS["AWS::WAFv2::WebACLAssociation"] = {
        "create": _associate,
        "update": _associate_anew,
        "delete": _disassociate,
    }


@behaviour(
    call="cloudformation:AWS::WAFv2::WebACLAssociation",
    expected="puts a web ACL before a stage of a REST API that exists; GetWebACLForResource tells it. It filters nothing here",
    source="CloudFormation Template Reference, AWS::WAFv2::WebACLAssociation",
    test="tests/localcloud/test_vpc_resources.py::test_a_web_acl_stands_before_a_stage",
)
def _associate(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
    resource, acl = str(properties["ResourceArn"]), str(properties["WebACLArn"])
    if not _stands(resource):
        raise ValueError("AWS WAF couldn't perform the operation because your resource doesn't exist.")
    status, _, body = part("services.waf")._associate_web_acl({"ResourceArn": resource, "WebACLArn": acl})
    if status >= 400:  # HTTP's errors
        raise ValueError(json.loads(body).get("message") or body.decode())
    return f"{resource}|{acl}", {}


def _stands(resource: str) -> bool:
    """Whether a stage is there; what else may be associated is not looked for."""
    match = _STAGE.fullmatch(resource)
    return match is None or match[2] in part("services.apigateway_v1")._stages_v1.get(match[1], {})


def _associate_anew(physical_id: str, old: _Properties, new: _Properties, stack_name: str) -> _Made:
    """Another resource or ACL is another association; the old one is cleaned up."""
    return _associate(physical_id, new, stack_name)


def _disassociate(physical_id: str, properties: _Properties) -> None:
    waf = part("services.waf")
    resource, _, acl = physical_id.partition("|")
    if waf._associations.get(resource) == acl:
        waf._disassociate_web_acl({"ResourceArn": resource})
