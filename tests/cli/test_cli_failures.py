"""Every failure of AWS's library or AWS itself is one sentence, remedy last, with the documented exit code."""

from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from provider.cli.errors import CommandError, ExitCode, guarded
from provider.cli.failures import explained
from provider.packaging.errors import BucketMissingError, StrayFileError

DENIED = "User: arn:aws:iam::111111111111:user/a is not authorized to perform: s3:PutObject"

REFUSALS = [
    ("ExpiredToken", "x", ExitCode.ENVIRONMENT, "have expired"),
    ("ExpiredTokenException", "x", ExitCode.ENVIRONMENT, "have expired"),
    ("RequestExpired", "x", ExitCode.ENVIRONMENT, "have expired"),
    ("InvalidClientTokenId", "x", ExitCode.ENVIRONMENT, "does not know these credentials"),
    ("UnrecognizedClientException", "x", ExitCode.ENVIRONMENT, "does not know these credentials"),
    ("SignatureDoesNotMatch", "x", ExitCode.ENVIRONMENT, "clock"),
    ("AccessDenied", DENIED, ExitCode.REFUSED, DENIED),
    ("AccessDeniedException", DENIED, ExitCode.REFUSED, DENIED),
    ("403", "Forbidden", ExitCode.REFUSED, "AWS denied PutObject: Forbidden."),
    ("ThrottlingException", "Rate exceeded", ExitCode.REFUSED, "Wait a minute"),
    ("ValidationError", "Stack x does not exist", ExitCode.REFUSED, "AWS refused PutObject: Stack x does not exist."),
    ("Mystery", "", ExitCode.REFUSED, "AWS refused PutObject: Mystery."),
]

FAILURES: list[tuple[Exception, str]] = [
    (aws.NoCredentialsError(), "--profile"),
    (aws.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"), "--profile"),
    (aws.CredentialRetrievalError(provider="process", error_msg="boom"), "--profile"),
    (aws.TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"), "aws sso login"),
    (aws.UnauthorizedSSOTokenError(), "aws sso login"),
    (aws.ProfileNotFound(profile="nobody"), "list-profiles"),
    (aws.ConfigParseError(path="/home/a/.aws/config"), "AWS_CONFIG_FILE"),
    (aws.NoRegionError(), "--region"),
    (aws.InvalidRegionError(region_name="Frankfurt"), "--region"),
    (aws.EndpointConnectionError(endpoint_url="https://sts.amazonaws.com"), "Check the network"),
    (aws.ConnectTimeoutError(endpoint_url="https://sts.amazonaws.com"), "Check the network"),
    (aws.ReadTimeoutError(endpoint_url="https://sts.amazonaws.com"), "Check the network"),
    (aws.SSLError(endpoint_url="https://sts.amazonaws.com", error="certificate"), "AWS_CA_BUNDLE"),
    (aws.ProxyConnectionError(proxy_url="http://proxy"), "the proxy"),
]


def _refusal(code: str, message: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}}
    return ClientError(response, "PutObject")


def _assert_sentence(sentence: str) -> None:
    assert "\n" not in sentence
    assert sentence.endswith((".", ")."))


@pytest.mark.parametrize(("code", "message", "exit_code", "words"), REFUSALS)
def test_what_aws_refuses(code: str, message: str, exit_code: ExitCode, words: str) -> None:
    """Credentials are this machine's matter (3); the rest is AWS's word (4)."""
    failure = explained(_refusal(code, message))
    assert failure.code is exit_code
    assert words in failure.sentence
    _assert_sentence(failure.sentence)


@pytest.mark.parametrize(("error", "remedy"), FAILURES, ids=lambda value: getattr(value, "__class__", value).__name__)
def test_what_keeps_a_call_from_aws(error: BotoCoreError, remedy: str) -> None:
    """The library's own words, then what to do."""
    failure = explained(error)
    assert failure.code is ExitCode.ENVIRONMENT
    assert failure.sentence.startswith(str(error).rstrip("."))
    assert remedy in failure.sentence
    _assert_sentence(failure.sentence)


def test_a_call_that_the_library_refuses_is_our_fault() -> None:
    """Wrong parameters are a mistake of the program, not of its user."""
    assert explained(aws.ParamValidationError(report="x")).code is ExitCode.FAULT


def test_packagings_sentences_are_kept() -> None:
    """It owns its words; only the exit code is chosen here."""
    missing, stray = BucketMissingError("bucket", "us-east-1"), StrayFileError(Path("a.pem"))
    assert (explained(missing).sentence, explained(missing).code) == (str(missing), ExitCode.REFUSED)
    assert (explained(stray).sentence, explained(stray).code) == (str(stray), ExitCode.ENVIRONMENT)


def test_a_full_disk_names_the_path() -> None:
    """What the machine said, and where."""
    failure = explained(OSError(28, "No space left on device", "/dist/a.zip"))
    assert failure.code is ExitCode.ENVIRONMENT
    assert "/dist/a.zip: No space left on device." in failure.sentence


def test_a_package_that_is_not_installed_is_named() -> None:
    """The local cloud's packages are an extra."""
    failure = explained(ModuleNotFoundError("No module named 'trustme'", name="trustme"))
    assert failure.code is ExitCode.ENVIRONMENT
    assert "trustme is not installed. Run `make venv`" in failure.sentence


def test_a_command_may_end_with_its_own_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code that it chooses."""

    def command() -> None:
        raise CommandError("Grants live. Withdraw them first.", ExitCode.NEGATIVE)

    assert guarded(command) == ExitCode.NEGATIVE
    assert capsys.readouterr().err == "Error: Grants live. Withdraw them first.\n"
