"""Metering: measures as CloudWatch metrics, written to the log in its embedded metric format by AWS Lambda Powertools.

Nothing is called for it: CloudWatch Logs takes the metrics out of the log
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

from collections.abc import Iterable, Sequence

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from provider.controller.ports import Journal, Meter
from provider.core.auditing import AuditEvent
from provider.core.measuring import Measure, Measured, of_events

NAMESPACE = "CrossAccountPermission"
SERVICE = "controller"
"""The value of the one dimension, `service`."""

_UNITS = {
    Measure.RECONCILE_TIME: MetricUnit.Seconds,
    Measure.OLDEST_WAITING: MetricUnit.Seconds,
    Measure.FULLNESS: MetricUnit.Percent,
}


class CloudWatchMeter:
    """See `ports.Meter`: collects what an invocation measures, and writes it in one line at its end."""

    def __init__(self) -> None:
        self._metrics = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=SERVICE)
        self._is_empty = True

    def record(self, measured: Iterable[Measured]) -> None:
        """See `ports.Meter.record`."""
        for measure, value in measured:
            self._metrics.add_metric(name=measure.value, unit=_UNITS.get(measure, MetricUnit.Count), value=value)
            self._is_empty = False

    def flush(self) -> None:
        """Write what was recorded since the last time; nothing where there is nothing."""
        if not self._is_empty:
            self._metrics.flush_metrics()
            self._is_empty = True


class MeteredJournal:
    """A journal that also measures what it is told."""

    def __init__(self, journal: Journal, meter: Meter) -> None:
        self._journal = journal
        self._meter = meter

    def tell(self, events: Sequence[AuditEvent]) -> None:
        """See `ports.Journal.tell`."""
        self._meter.record(of_events(events))
        self._journal.tell(events)
