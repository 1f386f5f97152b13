# ruff: noqa: SLF001 - reaches into the base's private names as the corrections do; ministack_names guards them
"""EventBridge's schedules at the keeper's word, as if their time had come."""

from provider.localcloud.corrections.ministack_names import require


def fire() -> None:
    """Let every enabled `rate(…)` rule of every account and Region fire now, once, and count anew from then on."""
    base = require("services.eventbridge", "_rules", "_rule_last_fired", "_parse_rate_seconds", "_tick_scheduled_rules")
    for key, rule in list(base._rules._data.items()):
        if base._parse_rate_seconds(rule.get("ScheduleExpression", "")) is not None:
            base._rule_last_fired[key] = 0
    base._tick_scheduled_rules()
