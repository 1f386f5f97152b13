"""From what is known of a refused call to its cause: pure. The words are API Gateway's (docs/aws-behaviour.md §3)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from provider.calling.addresses import ApiAddress
from provider.calling.causes import Cause, Kind
from provider.calling.sending import Reply
from provider.calling.standing import Caller, Finding, Standing


@dataclass(frozen=True, slots=True)
class Facts:
    """A call and its answer. `signed_for` is the Region it was signed for, empty where it was not; `ledger` what was found there."""

    address: ApiAddress
    method: str
    reply: Reply
    signed_for: str = ""
    caller: Caller | None = None
    ledger: Finding | None = None

    @property
    def known(self) -> dict[str, str]:
        """What a sentence may name."""
        ledger = self.ledger or Finding(Standing.UNPUBLISHED)
        return {
            "stage": self.address.stage,
            "path": self.address.path,
            "api": self.address.api,
            "endpoint": self.address.endpoint,
            "method": self.method,
            "signed_for": self.signed_for,
            "status": str(self.reply.status),
            "request": self.reply.request_id,
            "who": self.caller.arn if self.caller else "the caller",
            "account": self.caller.account if self.caller else "",
            "resource": _part(r"on resource: ?(\S+)", self.reply.message) or "the API",
            "policy": _policy(self.reply.message),
            "target": ledger.target,
            "grant": ledger.grant,
            "lacks": ledger.lacks,
            "ended": ledger.ended,
        }


def diagnosed(facts: Facts) -> Cause:
    """The cause of an answer that is no success."""
    kind = next((kind_of(facts) for applies, kind_of in _RULES if applies(facts)), Kind.OTHER)
    return Cause.of(kind, facts.known)


def ledger_may_tell(facts: Facts) -> bool:
    """Whether the ledger tells more than the answer: whether a permission on the API, or on its authorizer, is what is missing."""
    return diagnosed(facts).kind in (Kind.RESOURCE_POLICY, Kind.AUTHORIZER_UNUSABLE)


def _part(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else ""


def _policy(message: str) -> str:
    """The kind of policy that a refusal names; older refusals name none."""
    return _part(r"with an explicit deny in an? ([A-Za-z -]+)", message) or _part(
        r"because no ([A-Za-z -]+?) allows", message
    )


_Test = Callable[[Facts], bool]
_Answer = Callable[[Facts], Kind]


def _says(words: str) -> _Test:
    """A refusal with these words in its message, in whatever case."""
    pattern = re.compile(words, re.IGNORECASE)
    return lambda facts: facts.reply.status == 403 and pattern.search(facts.reply.message) is not None


def _of_type(error_type: str, status: int = 403) -> _Test:
    return lambda facts: (facts.reply.status, facts.reply.error_type) == (status, error_type)


def _status(status: int) -> _Test:
    return lambda facts: facts.reply.status == status


def _always(kind: Kind) -> _Answer:
    return lambda _: kind


def _without_token(facts: Facts) -> Kind:
    """API Gateway says the same where there is no such method; who has signed knows which it is."""
    return Kind.NO_METHOD if facts.signed_for else Kind.UNSIGNED


_DENIES = {
    "": Kind.DENIED,
    "resource-based policy": Kind.DENIED_BY_API,
    "VPC endpoint policy": Kind.DENIED_BY_ENDPOINT,
}
_SILENCES = {"identity-based policy": Kind.IDENTITY, "VPC endpoint policy": Kind.ENDPOINT_POLICY}


def _by_deny(facts: Facts) -> Kind:
    return _DENIES.get(_policy(facts.reply.message), Kind.DENIED_BY_ACCOUNT)


def _by_silence(facts: Facts) -> Kind:
    """No policy of a kind allows it; which kind says whose turn it is."""
    policy = _policy(facts.reply.message)
    if policy not in ("", "resource-based policy"):
        return _SILENCES.get(policy, Kind.NOT_ALLOWED_BY)
    if "User: anonymous" in facts.reply.message:
        return Kind.NO_IAM_METHOD if facts.signed_for else Kind.ANONYMOUS
    if facts.ledger is None:
        return Kind.RESOURCE_POLICY
    return _STANDINGS[facts.ledger.standing]


_STANDINGS = {
    Standing.UNPUBLISHED: Kind.UNPUBLISHED,
    Standing.NOT_ASKED: Kind.NOT_ASKED,
    Standing.NOT_COVERED: Kind.NOT_COVERED,
    Standing.WITHDRAWN: Kind.WITHDRAWN,
    Standing.EXPIRED: Kind.EXPIRED,
    Standing.QUARANTINED: Kind.QUARANTINED,
    Standing.SUSPENDED: Kind.SUSPENDED,
    Standing.WAITING: Kind.WAITING,
    Standing.UNDEPLOYED: Kind.UNDEPLOYED,
    Standing.IN_FORCE: Kind.IN_FORCE,
}
_OF_AUTHORIZERS = {Standing.UNPUBLISHED: Kind.AUTHORIZER_NOT_ASKED, Standing.IN_FORCE: Kind.AUTHORIZER_FAILS}


def _by_authorizer(facts: Facts) -> Kind:
    if facts.ledger is None:
        return Kind.AUTHORIZER_UNUSABLE
    return _OF_AUTHORIZERS.get(facts.ledger.standing, _STANDINGS[facts.ledger.standing])


def _by_way(facts: Facts) -> Kind:
    """REST APIs name the type of a refusal, HTTP APIs do not."""
    if not facts.reply.error_type:
        return Kind.HTTP_API
    return Kind.NOT_THROUGH_ENDPOINT if facts.address.endpoint else Kind.FORBIDDEN


_RULES: tuple[tuple[_Test, _Answer], ...] = (
    (_says(r"^Missing Authentication Token$"), _without_token),
    (_of_type("ExpiredTokenException"), _always(Kind.EXPIRED_CREDENTIALS)),
    (_says(r"security token included in the request is expired"), _always(Kind.EXPIRED_CREDENTIALS)),
    (_of_type("UnrecognizedClientException"), _always(Kind.UNKNOWN_KEY)),
    (_says(r"security token included in the request is invalid"), _always(Kind.UNKNOWN_KEY)),
    (_says(r"scoped to a valid region"), _always(Kind.WRONG_REGION)),
    (_says(r"scoped to correct service"), _always(Kind.WRONG_SERVICE)),
    (_says(r"Signature (expired|not yet current)"), _always(Kind.CLOCK)),
    (_of_type("InvalidSignatureException"), _always(Kind.SIGNATURE)),
    (_of_type("IncompleteSignatureException"), _always(Kind.NOT_A_SIGNATURE)),
    (_says(r"^User is not authorized to access this resource"), _always(Kind.AUTHORIZER_DENIES)),
    (_says(r"with an explicit deny"), _by_deny),
    (_says(r"is not authorized to perform"), _by_silence),
    (_says(r"^Forbidden$"), _by_way),
    (_status(401), _always(Kind.NO_TOKEN)),
    (_status(429), _always(Kind.THROTTLED)),
    (_of_type("AuthorizerConfigurationException", 500), _by_authorizer),
    (_of_type("AuthorizerFailureException", 500), _by_authorizer),
    (_of_type("InternalServerErrorException", 500), _always(Kind.BACKEND)),
)
"""The first that applies says what it is."""
