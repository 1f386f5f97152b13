"""All the ways in which an event fails here. Each class owns its sentence: what failed, the value, the remedy last.

The sentences reach stack events and pipelines, so no constructor takes a ResponseURL, a credential, or the text of a
foreign exception: AWS's codes and the types of exceptions are facts enough.

    Failure
    ├── SettingMissing          the function's own environment
    ├── EventMalformed          ┐ what was asked
    ├── EventTooLarge           ┘
    ├── RequestRoleRefused      ┐
    ├── CentreUnreachable       │ on the way to the centre
    ├── TableRefused            │
    ├── TableMissing            ┘
    ├── AnswerLate              ┐
    ├── AnswerMalformed         │ what came back
    ├── AnswerTooLarge          │
    ├── RequestFailed           ┘
    ├── ResponseAddressRefused  ┐ on the way to CloudFormation
    ├── AnswerUndelivered       ┘
    └── Unexpected              everything else
"""

from provider.function.reasons import brief

CONTROLLER_LOGS = "/aws/lambda/cross-account-permission-controller"
PROVIDER_LOGS = "/aws/lambda/cross-account-permission"


class Failure(Exception):  # noqa: N818 -- what is answered, not what went wrong in the code
    """A failure with a sentence that may be shown to anyone who may see the stack."""

    def __init__(self, sentence: str) -> None:
        super().__init__(brief(sentence))


class SettingMissing(Failure):
    """The function was deployed without a variable that it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The provider function has no {name} in its environment. "
            "Deploy account-provider.yaml again in this account and Region.",
        )


class EventMalformed(Failure):
    """A key of the event is missing or is not what CloudFormation sends."""

    def __init__(self, key: str, value: object, wanted: str) -> None:
        shown = ascii(value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        super().__init__(f"The event's {key} is {shown}, not {wanted}. Correct it and send the event again.")


class EventTooLarge(Failure):
    """The event would not fit into what the centre takes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The event is {size} bytes long, and {limit} are the most that a request may have. "
            "Shorten the resource's properties, or spread them over several resources.",
        )


class RequestRoleRefused(Failure):
    """STS did not give a session of the request role."""

    def __init__(self, role: str, account: str, code: str) -> None:
        super().__init__(
            f"Account {account} may not assume {role} ({code}). "
            "Is it in the organization, account-roles.yaml deployed in it, and central.yaml up to date?",
        )


class CentreUnreachable(Failure):
    """A service of the centre's home Region did not reply."""

    def __init__(self, service: str, region: str, fault: str) -> None:
        super().__init__(
            f"{service} in the centre's home Region {region} cannot be reached ({fault}). "
            "Check HOME_REGION, the function's network and the Region's health, then try again.",
        )


class TableRefused(Failure):
    """DynamoDB refused the request role an action."""

    def __init__(self, action: str, table: str, code: str) -> None:
        super().__init__(
            f"The request role's {action} on {table} was refused ({code}). "
            "Deploy central.yaml again in the central account, and look for a service control policy that denies it.",
        )


class TableMissing(Failure):
    """There is no such table in the central account's home Region."""

    def __init__(self, table: str, region: str) -> None:
        super().__init__(
            f"The central account has no table {table} in {region}. "
            "Deploy central.yaml there, or correct the parameters of account-provider.yaml in this account.",
        )


class AnswerLate(Failure):
    """The centre has not answered in the time that this event has."""

    def __init__(self, request: str) -> None:
        super().__init__(
            f"The centre has not answered request {request} in time; it stays filed and may still be carried out. "
            f"In the central account see the log group {CONTROLLER_LOGS} and its alarms.",
        )


class AnswerMalformed(Failure):
    """The centre's answer is not one that CloudFormation could be given."""

    def __init__(self, request: str, attribute: str) -> None:
        super().__init__(
            f"The centre's answer to request {request} has no proper {attribute}. "
            f"See {CONTROLLER_LOGS} in the central account, and deploy matching versions of central.yaml "
            "and account-provider.yaml.",
        )


class AnswerTooLarge(Failure):
    """The answer is longer than CloudFormation takes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The answer is {size} bytes long, and CloudFormation takes {limit}. "
            "Shorten the lists in the resource's properties, or spread them over several resources.",
        )


class RequestFailed(Failure):
    """The centre said no, with this reason, to one who invoked the function directly."""


class ResponseAddressRefused(Failure):
    """The ResponseURL is not one that CloudFormation would send with this event."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The event was refused: its ResponseURL {fault}. "
            "Only CloudFormation sets ResponseURL; leave it out to invoke the function directly.",
        )


class AnswerUndelivered(Failure):
    """CloudFormation's response address did not take the answer."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"CloudFormation's response address did not take the answer ({fault}). "
            "Lambda invokes the function again; if that fails too, cancel the stack's operation and repeat it.",
        )


class Unexpected(Failure):
    """A fault that nobody foresaw. Its own text stays unsaid, for it might quote the event."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            f"The provider function failed unexpectedly ({type(error).__name__}). "
            f"See its log group {PROVIDER_LOGS} in this account and Region, and report the fault.",
        )
