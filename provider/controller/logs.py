"""The controller's log: one JSON object a line, by the formatter of AWS Lambda Powertools."""

import logging

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from provider import __version__


class ControllerLog:
    """The log of all our modules; what is given as `extra` stands in the line by its name."""

    def __init__(self) -> None:
        self._formatter = LambdaPowertoolsFormatter(
            log_record_order=["level", "message", "timestamp"],
            utc=True,
            serialize_stacktrace=False,
            service="controller",
            version=__version__,
            location=None,
        )
        handler = logging.StreamHandler()
        handler.setFormatter(self._formatter)
        logger = logging.getLogger("provider")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False

    def begin(self, invocation: str) -> None:
        """Have all lines from now on name this invocation, as Lambda's own lines do."""
        self._formatter.append_keys(function_request_id=invocation)
