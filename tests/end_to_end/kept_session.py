"""A session that asks AWS what may have changed, and answers the rest as it was answered before.

A look at the centre makes some fifty calls, of which one break changes the answers of one service alone.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from boto3.session import Session
from identities import Someone


@dataclass(frozen=True)
class _Status:
    """All of an HTTP response that is looked at once it is parsed."""

    status_code: int


Answers = dict[tuple[str, ...], tuple[Any, Any]]


class KeptSession(Session):
    """Somebody's session in a Region; it makes each of its clients once.

    `answers` are those given before, `changed` the services that are asked again (None: all), `renamed` a parameter's name, its
    value and what is asked for instead.
    """

    def __init__(self, who: Someone, region: str, answers: Answers) -> None:
        given = who.session.get_credentials().get_frozen_credentials()
        super().__init__(given.access_key, given.secret_key, given.token, region_name=region)
        self.answers, self.changed, self.renamed = answers, None, ("", "", "")
        self._clients: dict[Any, Any] = {}
        self.events.register("provide-client-params.*.*", self._rename)
        self.events.register("before-call.*.*", self._answered)
        self.events.register_first("after-call.*.*", self._keep)  # before botocore reads policies in it

    answers: Answers
    changed: set[str] | None
    renamed: tuple[str, str, str]

    def client(self, service: str, region_name: str | None = None) -> Any:  # type: ignore[override]
        """A client, made once."""
        if (service, region_name) not in self._clients:
            self._clients[service, region_name] = super().client(service, region_name=region_name)
        return self._clients[service, region_name]

    def _rename(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        name, value, instead = self.renamed
        return {key: instead if (key, one) == (name, value) else one for key, one in params.items()}

    def _answered(self, model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        said = [str(params.get(name)) for name in ("url", "body", "query_string")]
        context["key"] = (service, model.name, *said)
        is_old = self.changed is not None and service not in self.changed
        return deepcopy(self.answers.get(context["key"])) if is_old else None

    def _keep(self, http_response: Any, parsed: Any, context: dict[str, Any], **_: Any) -> None:
        if self.changed is None:
            self.answers[context["key"]] = (_Status(http_response.status_code), deepcopy(parsed))
