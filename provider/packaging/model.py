"""The part of botocore's Lambda model that the controller calls.

A managed runtime's boto3 may be older than Lambda's full resource policies (docs/aws-behaviour.md §1), and
carrying botocore would be five times the zip. Its service models are data, found by search path: this
cuts out the few operations with exactly the shapes that they reach. Endpoint rules stay the runtime's own.
"""

import json
from collections.abc import Iterator
from typing import Any

import botocore
from botocore.loaders import Loader

from provider.packaging.errors import WrongBotocoreError

BOTOCORE = "1.44.5"
OPERATIONS = (
    "DeleteResourcePolicy",
    "GetAlias",
    "GetFunctionConfiguration",
    "GetResourcePolicy",
    "ListTags",
    "PutResourcePolicy",
)
API_VERSION = "2015-03-31"
PATH = f"lambda/{API_VERSION}/service-2.json"
"""Where botocore's loader looks below a folder of its search path."""

_NOTICE = f"Cut from botocore {BOTOCORE} (Apache-2.0): only some operations, no documentation."


def lambda_model() -> bytes:
    """The cut model as JSON.

    Raises:
        WrongBotocoreError: another botocore is installed, so the bytes would differ.
    """
    if botocore.__version__ != BOTOCORE:
        raise WrongBotocoreError(botocore.__version__, BOTOCORE)
    # Botocore's own data alone: a user may keep other models under ~/.aws/models.
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    whole = loader.load_service_model("lambda", "service-2", API_VERSION)
    return (json.dumps(cut(whole, OPERATIONS), sort_keys=True, separators=(",", ":")) + "\n").encode()


def cut(model: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The model with the named operations and the shapes that they reach, directly or not, without documentation."""
    operations = {name: model["operations"][name] for name in names}
    kept = {
        "version": model["version"],
        "metadata": model["metadata"],
        "operations": _undocumented(operations),
        "shapes": _undocumented(reached(operations, model["shapes"])),
    }
    return kept | {"documentation": _NOTICE}


def reached(operations: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    """The shapes that operations refer to, with those that these refer to, and so on."""
    found: dict[str, Any] = {}
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = shapes[name]
            waiting.extend(_references(shapes[name]))
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _undocumented(node: Any) -> Any:
    """The node without prose. A shape's member may be *called* documentation: its value is then no string."""
    if isinstance(node, dict):
        kept = ((key, value) for key, value in node.items() if not (key == "documentation" and isinstance(value, str)))
        return {key: _undocumented(value) for key, value in kept}
    return [_undocumented(child) for child in node] if isinstance(node, list) else node
