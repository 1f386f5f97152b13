"""What keeps a call from being made at all; each class owns its sentence, remedy last."""


class CallingError(Exception):
    """A call that cannot be made; `str()` says why and what to do."""


class NoApiUrl(CallingError):  # noqa: N818 - what it is, not what went wrong
    """The text is not where an API could be called."""

    def __init__(self, problem: str) -> None:
        example = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders"
        super().__init__(f"The URL {problem}. Give the URL of an API, such as {example}.")


class NoSuchHeader(CallingError):  # noqa: N818 - likewise
    """A header that cannot be sent, or that is not for the caller to set."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"Header {name[:60]!r} {problem}.")


class NoApiForEndpoint(CallingError):  # noqa: N818 - likewise
    """A VPC endpoint is named, and the URL does not say which API is to be called through it."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"Host {host} names no API that could be called through a VPC endpoint. "
            "Give a URL that begins with the API's id, such as https://a1b2c3d4e5.execute-api.….",
        )
