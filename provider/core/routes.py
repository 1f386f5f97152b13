"""The routes of a REST API's stage that a foreign statement opens, as the properties of a permission say them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from provider.core.foreign import Untranslatable
from provider.core.identifiers import RestApiArn

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_STAGE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TOGETHER = 20  # paths of one permission


@dataclass(frozen=True, slots=True, order=True)
class Routes:
    """Methods and paths of a stage; none mean all."""

    stage: str
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def properties(self) -> dict[str, Any]:
        """As a permission says them."""
        said = {"Methods": self.methods, "Paths": self.paths}
        return {name: list(given) for name, given in said.items() if given}


def routes(resources: Sequence[str], api: RestApiArn) -> tuple[Routes, ...]:
    """What resources such as `execute-api:/prod/GET/orders` open, those together that have the same methods.

    API Gateway keeps a relative resource as the API's ARN (docs/aws-behaviour.md §3).

    Raises:
        Untranslatable: it is of another API, of more than one stage, or of what no permission can name.
    """
    methods: dict[tuple[str, str], set[str]] = {}
    for text in resources:
        stage, method, path = _route(text, api)
        methods.setdefault((stage, path), set()).add(method)
    if not methods:
        raise Untranslatable("it names no Resource", "Name the stage's methods and paths")
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (stage, path), some in sorted(methods.items()):
        together.setdefault((stage, () if "*" in some else tuple(sorted(some))), []).append(path)
    return tuple(
        Routes(stage, some, part) for (stage, some), paths in sorted(together.items()) for part in _parts(paths)
    )


def _parts(paths: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """As many paths as one permission takes; all where one of them is all."""
    if "/*" in paths:
        return [()]
    return [tuple(paths[start : start + _TOGETHER]) for start in range(0, len(paths), _TOGETHER)]


def _route(text: str, api: RestApiArn) -> tuple[str, str, str]:
    """Stage, method and path; a wildcard reaches over slashes, so what stands for a method may be more."""
    below = next((text.removeprefix(one) for one in (f"{api.text}/", "execute-api:/") if text.startswith(one)), None)
    if below is None:
        raise Untranslatable(
            f"its Resource {text} is not of this API alone", "Name it as execute-api:/STAGE/METHOD/PATH"
        )
    stage, _, route = below.partition("/")
    if not _STAGE.fullmatch(stage):
        raise Untranslatable(f"its Resource {text} is of every stage", "Name each stage, as execute-api:/STAGE/*")
    if route in ("*", "*/*"):
        return stage, "*", "/*"
    method, slash, path = route.partition("/")
    if method == "*" and not path.startswith("*"):
        remedy = "Name the methods, as execute-api:/STAGE/GET/PATH"
        raise Untranslatable(f"the * before the path in {text} also reaches longer paths that end so", remedy)
    if not slash or method not in METHODS | {"*"}:
        raise Untranslatable(
            f"its Resource {text} names no method and path", "Name it as execute-api:/STAGE/METHOD/PATH"
        )
    return stage, method, f"/{path}"
