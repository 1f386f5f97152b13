"""A call that came out of a VPC through an endpoint needs the leave of the endpoint's policy as well."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.api_vpc_endpoints import Arrival
from provider.localcloud.corrections.function_networks import arrived
from provider.localcloud.corrections.iam_enforcement import OUTSIDE, last_words, surroundings
from provider.localcloud.corrections.ministack_names import part, require, supplant

_INVOKE = "execute-api:Invoke"
"""Which is decided where a call of an API is."""


def apply() -> None:
    """Have the last word, and tell of the endpoint."""
    require("core.iam_evaluator", "EvalContext", "evaluate_resource_policy", "resolve_principal")
    require("core.responses", "get_account_id")
    supplant("core.iam_evaluator", "pin_request_origin", _without_address)
    surroundings.append(lambda: _through().keys)
    last_words.append(_last_word)


def _through() -> Arrival:
    """The endpoint that the request at hand came through, if any."""
    way = arrived()
    return Arrival(way.endpoint["VpcEndpointId"], way.endpoint) if way and way.endpoint else Arrival()


def _without_address(old: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    def pin(source: str, secure: bool) -> None:
        old("" if _through().record else source, secure)

    return pin


@behaviour(
    call="*",
    expected="the policy of the VPC endpoint that a call came through must allow it too, even what needs no permission, as "
    "sts:GetCallerIdentity: else '… because no VPC endpoint policy allows the … action'. aws:SourceVpce and aws:SourceVpc are "
    "known then, aws:SourceIp is not",
    source="AWS PrivateLink Guide, control access to VPC endpoints using endpoint policies; IAM User Guide, troubleshoot "
    "access denied messages",
    test="tests/localcloud/test_vpc_networks.py::test_an_endpoints_policy_decides_about_other_services_too",
)
def _last_word(access_key: str, action: str, arn: str, region: str, keys: Mapping[str, Any]) -> Any:
    through = _through()
    if through.record is None or action == _INVOKE:
        return None
    evaluator = part("core.iam_evaluator")
    principal = evaluator.resolve_principal(access_key, part("core.responses").get_account_id())
    lower = {key.lower(): value for key, value in keys.items()}
    who = (principal.arn, principal.type, principal.account)
    context = evaluator.EvalContext(*who, action, arn, region, service_context=lower, principal_keys=principal.keys)
    found = evaluator.evaluate_resource_policy(through.policy, context)
    return None if found.decision == "Allow" else replace(found, principal_arn=principal.arn, reason=OUTSIDE)
