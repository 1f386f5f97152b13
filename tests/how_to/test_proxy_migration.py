"""docs/how-to/proxy-migration.md, followed; and who has asked the token service on the way."""

import time
from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_apis_leave_their_proxy_one_after_the_other(org: Organization, tmp_path: Path) -> None:
    """Two calls a round: one round of `orders` and two of `invoices` ask through the proxy, and then a hand."""
    since = time.time()
    follow("proxy-migration.md", org, tmp_path)
    asked = [
        decision.allowed
        for call in org.cloud.calls(since)
        for decision in call.decisions
        if decision.action == "lambda:InvokeFunction" and "/token-proxy-ProxyFunctionRole" in decision.role
    ]
    assert asked == [True] * 6 + [False]
