"""Every failure's sentence fits, whole, into the 256 characters that reach a stack's events."""

import pytest
from function_twins import REQUEST, SETTINGS

from provider.function import failures
from provider.function.reasons import LIMIT

ROLE = SETTINGS.request_role.replace("arn:aws:", "arn:aws-us-gov:")
REGION = "ap-southeast-1"

EXAMPLES = [
    failures.SettingMissing("REQUEST_ROLE_ARN"),
    failures.EventMalformed("PhysicalResourceId", "x" * 500, "the id that its creation returned"),
    failures.EventTooLarge(262144, 65536),
    failures.RequestRoleRefused(ROLE, "111111111111", "AccessDenied"),
    failures.CentreUnreachable("DynamoDB", REGION, "ProvisionedThroughputExceededException"),
    failures.TableRefused("PutItem", SETTINGS.requests, "UnrecognizedClientException"),
    failures.TableMissing(SETTINGS.requests, REGION),
    failures.AnswerLate(REQUEST),
    failures.AnswerMalformed(REQUEST, "physicalResourceId"),
    failures.AnswerTooLarge(1048576, 4096),
    failures.RequestFailed("Account 111111111111 is not allowed. Ask the owner."),
    failures.ResponseAddressRefused("does not name the event's own StackId, LogicalResourceId and RequestId"),
    failures.AnswerUndelivered("ConnectionRefusedError"),
    failures.Unexpected(RecursionError()),
]


def subclasses(of: type[Exception]) -> set[type[Exception]]:
    """All classes below one."""
    return {below for child in of.__subclasses__() for below in {child, *subclasses(child)}}


def test_each_failure_has_an_example_here() -> None:
    """A new failure is not forgotten."""
    assert {type(example) for example in EXAMPLES} == subclasses(failures.Failure)


@pytest.mark.parametrize("failure", EXAMPLES, ids=lambda failure: type(failure).__name__)
def test_a_sentence_is_whole_and_ends_with_what_to_do(failure: failures.Failure) -> None:
    """With the longest values that occur, nothing is cut."""
    sentence = str(failure)
    assert len(sentence) <= LIMIT
    assert " … " not in sentence
    assert sentence.endswith((".", "?"))


def test_an_unexpected_fault_does_not_quote_itself() -> None:
    """Its text might hold a URL or a credential."""
    assert "hidden" not in str(failures.Unexpected(ValueError("hidden")))
    assert "ValueError" in str(failures.Unexpected(ValueError("hidden")))
