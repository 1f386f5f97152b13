"""Each known answer has its cause, and each cause one sentence with the remedy last (docs/aws-behaviour.md §3)."""

import json
import re
from dataclasses import replace
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.calling.addresses import ApiAddress
from provider.calling.causes import WORDS, Cause, Kind
from provider.calling.diagnosing import Facts, diagnosed, ledger_may_tell
from provider.calling.sending import Reply
from provider.calling.standing import Caller, Finding, Standing

ARN = "arn:aws:sts::111111111111:assumed-role/buyer/job-7"
RESOURCE = "arn:aws:execute-api:us-east-1:********3333:a1b2c3d4e5/prod/GET/orders"
USER = f"User: {ARN} is not authorized to perform: execute-api:Invoke on resource: {RESOURCE}"
ANONYMOUS = USER.replace(ARN, "anonymous")
HOST = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
SIGNED = Facts(ApiAddress.of(f"https://{HOST}/prod/orders"), "GET", Reply(200, {}, b""), "us-east-1", Caller.of(ARN))
UNSIGNED = replace(SIGNED, signed_for="", caller=None)
THROUGH = replace(SIGNED, address=ApiAddress.of(f"https://{HOST.replace('.', '-vpce-0123.', 1)}/prod/orders"))
INVALID, DENIED = "InvalidSignatureException", "AccessDeniedException"


def answered(facts: Facts, status: int, error_type: str, message: str | None) -> Facts:
    headers = {"x-amzn-errortype": error_type} if error_type else {}
    return replace(facts, reply=Reply(status, headers, json.dumps({"message": message}).encode()))


@pytest.mark.parametrize(
    ("facts", "status", "error_type", "message", "kind"),
    [
        (UNSIGNED, 403, "MissingAuthenticationTokenException", "Missing Authentication Token", Kind.UNSIGNED),
        (SIGNED, 403, "MissingAuthenticationTokenException", "Missing Authentication Token", Kind.NO_METHOD),
        (SIGNED, 403, "UnrecognizedClientException", "The security token included in the request is invalid.", Kind.UNKNOWN_KEY),
        (SIGNED, 403, DENIED, "The security token included in the request is invalid.", Kind.UNKNOWN_KEY),
        (SIGNED, 403, "ExpiredTokenException", "The security token included in the request is expired", Kind.EXPIRED_CREDENTIALS),
        (SIGNED, 403, "", "The security token included in the request is expired", Kind.EXPIRED_CREDENTIALS),
        (SIGNED, 403, "ExpiredTokenException", None, Kind.EXPIRED_CREDENTIALS),
        (SIGNED, 403, INVALID, "Credential should be scoped to a valid region. ", Kind.WRONG_REGION),
        (SIGNED, 403, INVALID, "Credential should be scoped to a valid region, not 'us-east-1'. ", Kind.WRONG_REGION),
        (SIGNED, 403, INVALID, "Credential should be scoped to correct service: 'execute-api'. ", Kind.WRONG_SERVICE),
        (SIGNED, 403, INVALID, "Signature expired: 20261121T031800Z is now earlier than 20261121T041300Z", Kind.CLOCK),
        (SIGNED, 403, INVALID, "Signature not yet current: 20261121T031800Z is still later than …", Kind.CLOCK),
        (SIGNED, 403, INVALID, "The request signature we calculated does not match the signature you provided.", Kind.SIGNATURE),
        (UNSIGNED, 403, "IncompleteSignatureException", "Authorization header requires 'Credential' parameter.", Kind.NOT_A_SIGNATURE),
        (SIGNED, 403, DENIED, f"{USER} because no identity-based policy allows the execute-api:Invoke action", Kind.IDENTITY),
        (SIGNED, 403, DENIED, f"{USER} because no permissions boundary allows the execute-api:Invoke action", Kind.NOT_ALLOWED_BY),
        (SIGNED, 403, DENIED, f"{USER} because no session policy allows the execute-api:Invoke action", Kind.NOT_ALLOWED_BY),
        (SIGNED, 403, DENIED, f"{USER} because no service control policy allows the execute-api:Invoke action", Kind.NOT_ALLOWED_BY),
        (THROUGH, 403, DENIED, f"{USER} because no VPC endpoint policy allows the execute-api:Invoke action", Kind.ENDPOINT_POLICY),
        (SIGNED, 403, DENIED, f"{USER} because no resource-based policy allows the execute-api:Invoke action", Kind.RESOURCE_POLICY),
        (SIGNED, 403, DENIED, USER, Kind.RESOURCE_POLICY),
        (UNSIGNED, 403, DENIED, f"{ANONYMOUS} because no resource-based policy allows the execute-api:Invoke action", Kind.ANONYMOUS),
        (UNSIGNED, 403, DENIED, ANONYMOUS, Kind.ANONYMOUS),
        (SIGNED, 403, DENIED, ANONYMOUS, Kind.NO_IAM_METHOD),
        (SIGNED, 403, DENIED, f"{USER} with an explicit deny in a resource-based policy", Kind.DENIED_BY_API),
        (THROUGH, 403, DENIED, f"{USER} with an explicit deny in a VPC endpoint policy", Kind.DENIED_BY_ENDPOINT),
        (SIGNED, 403, DENIED, f"{USER} with an explicit deny in an identity-based policy", Kind.DENIED_BY_ACCOUNT),
        (SIGNED, 403, DENIED, f"{USER} with an explicit deny in a service control policy", Kind.DENIED_BY_ACCOUNT),
        (SIGNED, 403, DENIED, f"{USER} with an explicit deny", Kind.DENIED),
        (UNSIGNED, 403, DENIED, "User is not authorized to access this resource with an explicit deny", Kind.AUTHORIZER_DENIES),
        (UNSIGNED, 403, DENIED, "User is not authorized to access this resource", Kind.AUTHORIZER_DENIES),
        (SIGNED, 403, "ForbiddenException", "Forbidden", Kind.FORBIDDEN),
        (THROUGH, 403, "ForbiddenException", "Forbidden", Kind.NOT_THROUGH_ENDPOINT),
        (SIGNED, 403, "", "Forbidden", Kind.HTTP_API),
        (UNSIGNED, 401, "UnauthorizedException", "Unauthorized", Kind.NO_TOKEN),
        (SIGNED, 429, "TooManyRequestsException", "Too Many Requests", Kind.THROTTLED),
        (UNSIGNED, 500, "AuthorizerConfigurationException", None, Kind.AUTHORIZER_UNUSABLE),
        (UNSIGNED, 500, "AuthorizerFailureException", "Internal server error", Kind.AUTHORIZER_UNUSABLE),
        (SIGNED, 500, "InternalServerErrorException", "Internal server error", Kind.BACKEND),
        (SIGNED, 500, "", "Internal server error", Kind.OTHER),
        (SIGNED, 404, "", "Not Found", Kind.OTHER),
        (SIGNED, 400, INVALID, "Credential should be scoped to a valid region. ", Kind.OTHER),
        (SIGNED, 403, "", "Computer says no", Kind.OTHER),
    ],
)  # fmt: skip
def test_an_answer_has_its_cause(facts: Facts, status: int, error_type: str, message: str | None, kind: Kind) -> None:
    assert diagnosed(answered(facts, status, error_type, message)).kind is kind


SILENT = answered(SIGNED, 403, DENIED, f"{USER} because no resource-based policy allows the execute-api:Invoke action")
UNUSABLE = answered(UNSIGNED, 500, "AuthorizerConfigurationException", None)


@pytest.mark.parametrize(
    ("standing", "of_call", "of_authorizer"),
    [
        (Standing.UNPUBLISHED, Kind.UNPUBLISHED, Kind.AUTHORIZER_NOT_ASKED),
        (Standing.NOT_ASKED, Kind.NOT_ASKED, Kind.NOT_ASKED),
        (Standing.NOT_COVERED, Kind.NOT_COVERED, Kind.NOT_COVERED),
        (Standing.WITHDRAWN, Kind.WITHDRAWN, Kind.WITHDRAWN),
        (Standing.EXPIRED, Kind.EXPIRED, Kind.EXPIRED),
        (Standing.QUARANTINED, Kind.QUARANTINED, Kind.QUARANTINED),
        (Standing.SUSPENDED, Kind.SUSPENDED, Kind.SUSPENDED),
        (Standing.WAITING, Kind.WAITING, Kind.WAITING),
        (Standing.UNDEPLOYED, Kind.UNDEPLOYED, Kind.UNDEPLOYED),
        (Standing.IN_FORCE, Kind.IN_FORCE, Kind.AUTHORIZER_FAILS),
    ],
)
def test_the_ledger_tells_more_where_a_permission_may_be_missing(
    standing: Standing, of_call: Kind, of_authorizer: Kind
) -> None:
    found = Finding(standing, "333333333333/orders", "grant-0123", "Methods", "2026-01-01T00:00:00Z")
    for facts, kind in ((SILENT, of_call), (UNUSABLE, of_authorizer)):
        assert ledger_may_tell(facts)
        assert diagnosed(replace(facts, ledger=found)).kind is kind


def test_every_standing_has_a_cause() -> None:
    """None is left out where the enumeration grows."""
    for standing in Standing:
        assert diagnosed(replace(SILENT, ledger=Finding(standing))).kind is not Kind.RESOURCE_POLICY


@pytest.mark.parametrize(
    "facts",
    [
        answered(SIGNED, 403, INVALID, "Credential should be scoped to a valid region. "),
        answered(SIGNED, 403, DENIED, f"{USER} because no identity-based policy allows the execute-api:Invoke action"),
        answered(SIGNED, 403, DENIED, f"{USER} with an explicit deny in a resource-based policy"),
        answered(SIGNED, 500, "InternalServerErrorException", "Internal server error"),
    ],
)
def test_the_ledger_is_not_asked_what_it_cannot_know(facts: Facts) -> None:
    """Nor does it change the cause."""
    assert not ledger_may_tell(facts)
    assert diagnosed(replace(facts, ledger=Finding(Standing.EXPIRED))) == diagnosed(facts)


def test_a_sentence_names_what_is_known() -> None:
    found = Finding(Standing.NOT_COVERED, "333333333333/orders", "grant-0123", "Paths")
    assert str(diagnosed(replace(SILENT, ledger=found))) == (
        f"grant-0123 on target 333333333333/orders does not cover GET /orders of {ARN}: see its Paths. "
        "Ask for a permission whose Paths cover it."
    )
    denied = answered(SIGNED, 403, DENIED, f"{USER} because no session policy allows the execute-api:Invoke action")
    assert str(diagnosed(denied)) == (
        f"The caller's own account does not let {ARN} call it: no session policy allows it. "
        f"Allow execute-api:Invoke on {RESOURCE} there too."
    )


@pytest.mark.parametrize("kind", Kind)
def test_every_cause_has_a_fact_and_a_remedy_of_what_can_be_known(kind: Kind) -> None:
    """In that order, each a sentence; the remedy begins with what to do."""
    known = SILENT.known
    fact, remedy = WORDS[kind]
    for part in (fact, remedy):
        assert part.endswith(".")
        assert part[0].isupper() or part.startswith("{grant}")
        assert {name for _, name, *_ in Formatter().parse(part) if name} <= known.keys()
    assert re.match(r"(Leave|Check|Name|Log|Let|Set|Allow|Have|Look|Ask|Try|Show|Read) ", remedy)
    assert "\n" not in str(Cause.of(kind, known))
    assert str(Cause.of(kind, {})).endswith(".")


@given(st.text(max_size=60), st.sampled_from([401, 403, 404, 429, 500, 502]), st.sampled_from(["", DENIED, INVALID]))
def test_any_answer_has_some_cause(message: str, status: int, error_type: str) -> None:
    """Braces in it as well, which are no places of ours."""
    said = str(diagnosed(answered(SIGNED, status, error_type, f"{USER} {{who}} {message}")))
    assert said.endswith(".")
