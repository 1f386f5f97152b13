"""The controller's log: one JSON object a line, by the formatter of AWS Lambda Powertools."""

import logging

from provider import __version__


class ControllerLog:
    """The log of all our modules; what is given as `extra` stands in the line by its name."""

    def __init__(self) -> None:
        self._formatter = _LateFormatter()
        handler = logging.StreamHandler()
        handler.setFormatter(self._formatter)
        logger = logging.getLogger("provider")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False

    def begin(self, invocation: str) -> None:
        """Have all lines from now on name this invocation, as Lambda's own lines do."""
        self._formatter.invocation = invocation


class _LateFormatter(logging.Formatter):
    """Powertools' formatter, loaded for the first line: that comes after the first calls of a cold start."""

    invocation = ""
    _formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        """A line; it names the invocation."""
        formatter = self._formatter = self._formatter or _powertools()
        record.function_request_id = self.invocation
        return formatter.format(record)


def _powertools() -> logging.Formatter:
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter  # noqa: PLC0415 - see above

    return LambdaPowertoolsFormatter(
        log_record_order=["level", "message", "timestamp"],
        utc=True,
        serialize_stacktrace=False,
        service="controller",
        version=__version__,
        location=None,
    )
