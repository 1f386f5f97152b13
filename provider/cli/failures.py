"""What to say about each failure that is not the command line's own: botocore's, packaging's, the machine's.

One table by class and one by AWS's error code; sentences state the fact, then the remedy.
"""

from collections.abc import Callable
from typing import Any

from botocore import exceptions as aws
from botocore.exceptions import ClientError

from provider.cli.errors import DEBUG, ExitCode, Failure
from provider.packaging.errors import PackagingError, ReleaseError
from provider.rollout.stacks import StackFailed

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_UNSIGNED = {"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}

_LOG_IN = "Name a profile with valid credentials by --profile, or log in again (`aws sso login`, `aws configure`)."
_REMEDIES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (aws.ProfileNotFound,),
        "Choose one that `aws configure list-profiles` shows, or check AWS_CONFIG_FILE.",
    ),
    (
        (aws.ConfigParseError, aws.ConfigNotFound, aws.InvalidConfigError),
        "Correct that file, or point AWS_CONFIG_FILE at another.",
    ),
    (
        (aws.NoRegionError, aws.InvalidRegionError, aws.UnknownRegionError, aws.UnknownEndpointError),
        "Name a Region by --region, such as --region eu-central-1.",
    ),
    (
        (
            aws.NoCredentialsError,
            aws.PartialCredentialsError,
            aws.CredentialRetrievalError,
            aws.TokenRetrievalError,
            aws.UnauthorizedSSOTokenError,
            aws.SSOError,
            aws.NoAuthTokenError,
            aws.RefreshWithMFAUnsupportedError,
            aws.MissingDependencyException,
        ),
        _LOG_IN,
    ),
    (
        (aws.HTTPClientError, aws.ConnectionError),
        "Check the network, the proxy, the Region, and any endpoint_url or AWS_CA_BUNDLE that is set.",
    ),
)


def explained(error: Exception) -> Failure:
    """The sentence and exit code for any exception that a command let through."""
    for kind, words in _BY_KIND:
        if isinstance(error, kind):
            return words(error)
    return _fault(error)


def _refusal(error: ClientError) -> Failure:
    code = str(error.response.get("Error", {}).get("Code", "?"))
    call = error.operation_name
    for codes, words in _BY_CODE:
        if code in codes:
            return words(call, code, error.response)
    return Failure(
        f"AWS refused {call}: {_sentence(_message(error.response) or code)} Change what it names, then run this again.",
        ExitCode.REFUSED,
    )


def _expired(call: str, code: str, _: Any) -> Failure:
    return Failure(f"The credentials have expired (AWS answered {call} with {code}). {_LOG_IN}", ExitCode.ENVIRONMENT)


def _unknown(call: str, code: str, _: Any) -> Failure:
    return Failure(f"AWS does not know these credentials ({call}: {code}). {_LOG_IN}", ExitCode.ENVIRONMENT)


def _unsigned(call: str, code: str, _: Any) -> Failure:
    fact = f"AWS does not accept the signature of {call} ({code})."
    return Failure(f"{fact} Check the secret key and this machine's clock.", ExitCode.ENVIRONMENT)


def _denied(call: str, code: str, response: Any) -> Failure:
    fact = _sentence(_message(response) or code)
    return Failure(f"AWS denied {call}: {fact} Use a profile that may do this, or have it allowed.", ExitCode.REFUSED)


def _throttled(call: str, code: str, _: Any) -> Failure:
    return Failure(f"AWS throttles {call} ({code}). Wait a minute, then run this again.", ExitCode.REFUSED)


_BY_CODE: tuple[tuple[set[str], Callable[[str, str, Any], Failure]], ...] = (
    (_EXPIRED, _expired),
    (_UNKNOWN, _unknown),
    (_UNSIGNED, _unsigned),
    (_DENIED, _denied),
    (_THROTTLED, _throttled),
)


def _botocore(error: aws.BotoCoreError) -> Failure:
    for classes, remedy in _REMEDIES:
        if isinstance(error, classes):
            return Failure(f"{_sentence(error)} {remedy}", ExitCode.ENVIRONMENT)
    return _fault(error)


def _machine(error: OSError) -> Failure:
    where = f" {error.filename}" if error.filename else ""
    what = error.strerror or type(error).__name__
    remedy = "Check that path, its permissions and the free space."
    return Failure(f"This machine refused to use{where or ' a file'}: {what}. {remedy}", ExitCode.ENVIRONMENT)


def _not_installed(error: ModuleNotFoundError) -> Failure:
    """An optional part's package, that is: everything else is a requirement of this one."""
    extra = "lint" if (error.name or "").startswith("cfnlint") else "local"
    remedy = f"Run `make venv` in a clone, or pip install 'cross-account-permission[{extra}]'."
    return Failure(f"The Python package {error.name} is not installed. {remedy}", ExitCode.ENVIRONMENT)


def _fault(error: Exception) -> Failure:
    fact = _sentence(f"crossaccount failed: {type(error).__name__}: {error}")
    return Failure(f"{fact} Set {DEBUG}=1, run it again, and report what it prints.", ExitCode.FAULT)


def _message(response: Any) -> str:
    return str(response.get("Error", {}).get("Message", ""))


def _sentence(fact: object) -> str:
    """One line that ends in a full stop."""
    return " ".join(str(fact).split()).rstrip(".") + "."


_BY_KIND: tuple[tuple[type[Exception], Callable[[Any], Failure]], ...] = (
    (ClientError, _refusal),
    (ReleaseError, lambda error: Failure(str(error), ExitCode.REFUSED)),
    (StackFailed, lambda error: Failure(str(error), ExitCode.REFUSED)),
    (PackagingError, lambda error: Failure(str(error), ExitCode.ENVIRONMENT)),
    (aws.BotoCoreError, _botocore),
    (ModuleNotFoundError, _not_installed),
    (OSError, _machine),
)
