"""The provider stops at any of its calls; Lambda delivers the event again, and the stack gets its one answer."""

from collections.abc import Callable

import pytest
from crash_hooks import Point, points
from operations import MINUTE
from operations_on_functions import LOOKUP, UPDATE_GRANT
from provider_process import ProviderProcess, with_response_url
from scenes import Scene
from stage import Stage

from provider.function.entry import Provider


class Exchange:
    """One event of CloudFormation's, the provider that gets it, and the controller that works meanwhile."""

    def __init__(self, stage: Stage, process: ProviderProcess, *, warm: bool) -> None:
        self.process, self.warm = process, warm
        process.meanwhile = stage.deliver
        self.scene = Scene.of(stage, UPDATE_GRANT, filed=False)
        self.event = with_response_url(self.scene.event, self.scene.at)

    def undisturbed(self) -> tuple[list[str], list[dict[str, object]]]:
        """The calls and the documents of a run in which nothing happens."""
        self.begin()
        assert self.process.invoke(self.event, warm=self.environment)
        calls, documents = list(self.process.wire.calls), list(self.process.host.documents)
        self.scene.remember()
        return calls, documents

    def begin(self) -> None:
        """Put everything back, and warm the environment where it is to be warm."""
        self.scene.begin()
        self.environment = self._warmed() if self.warm else None
        self.scene.stage.controller.wire.effects.clear()
        self.process.host.clear()

    def _warmed(self) -> Provider:
        """An environment that has served another event."""
        environment = self.process.provider()
        event = with_response_url(LOOKUP.event("earlier", {}, []), self.scene.at)
        assert self.process.invoke(event, warm=environment)
        return environment

    def stop(self, point: Point) -> None:
        """Stop at a point; the stream goes on, and Lambda delivers the event twice again, to cold environments."""
        self.begin()
        assert not self.process.invoke(self.event, end=point, warm=self.environment)
        for wait in (MINUTE, 2 * MINUTE):
            self.scene.stage.deliver()
            self.scene.stage.hours.time += wait
            assert self.process.invoke(self.event)
        self.scene.stage.deliver()  # what was answered before and has been filed again


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_stop_at_any_call_is_made_good_by_lambda_s_retries(
    stage: Stage, provider_process: ProviderProcess, record_property: Callable[[str, object], None], *, warm: bool
) -> None:
    """One request, one answer of the centre; whatever CloudFormation hears, and how often, says the same."""
    exchange = Exchange(stage, provider_process, warm=warm)
    calls, documents = exchange.undisturbed()
    assert [document["Status"] for document in documents] == ["SUCCESS"]
    tried = points(calls)
    for point in tried:
        exchange.stop(point)
        told = provider_process.host.documents
        assert told, point
        assert all(document == documents[0] for document in told), point
        assert exchange.scene.faults() == [], point
    name = "warm" if warm else "cold"
    record_property("summary", f"provider, {name}: {len(calls)} calls, {len(tried)} points")
