"""Metering: measures as CloudWatch metrics, written to the log in its embedded metric format by AWS Lambda Powertools.

Nothing is called for it: CloudWatch Logs takes the metrics out of the log
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from provider.controller.ports import Journal, Meter
from provider.core.auditing import AuditEvent
from provider.core.measuring import Measure, Measured, of_events

if TYPE_CHECKING:  # it is loaded when there is something to write, after the first calls of a cold start
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

NAMESPACE = "CrossAccountPermission"
SERVICE = "controller"
"""The value of the one dimension, `service`."""

_UNITS = {Measure.RECONCILE_TIME: "Seconds", Measure.OLDEST_WAITING: "Seconds", Measure.FULLNESS: "Percent"}


class CloudWatchMeter:
    """See `ports.Meter`: collects what an invocation measures, and writes it at its end."""

    def __init__(self) -> None:
        self._measured: list[Measured] = []
        self._metrics: AmazonCloudWatchEMFProvider | None = None

    def record(self, measured: Iterable[Measured]) -> None:
        """See `ports.Meter.record`."""
        self._measured.extend(measured)

    def flush(self) -> None:
        """Write what was recorded since the last time; nothing where there is nothing."""
        if not self._measured:
            return
        metrics = self._metrics = self._metrics or _metrics()
        for measure, value in self._measured:
            metrics.add_metric(name=measure.value, unit=_UNITS.get(measure, "Count"), value=value)
        self._measured.clear()
        metrics.flush_metrics()


def _metrics() -> "AmazonCloudWatchEMFProvider":
    from aws_lambda_powertools.metrics.provider.cloudwatch_emf import cloudwatch  # noqa: PLC0415 - see above

    return cloudwatch.AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=SERVICE)


class MeteredJournal:
    """A journal that also measures what it is told."""

    def __init__(self, journal: Journal, meter: Meter) -> None:
        self._journal = journal
        self._meter = meter

    def tell(self, events: Sequence[AuditEvent]) -> None:
        """See `ports.Journal.tell`."""
        self._meter.record(of_events(events))
        self._journal.tell(events)
