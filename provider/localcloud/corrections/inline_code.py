"""Inline code of a function, beside which CloudFormation puts its `cfnresponse` module when the code imports it."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import supplant

_MODULE = Path(__file__).parent.parent / "cloudformation" / "cfnresponse.py"
_IMPORT = re.compile(r"^\s*(import|from)\s+cfnresponse\b", re.MULTILINE)
_Zip = Callable[..., bytes | None]


def apply() -> None:
    """Take over making a zip of inline code."""
    supplant("services.cloudformation.provisioners", "_zip_inline", _with_module)


@behaviour(
    call="cloudformation:AWS::Lambda::Function",
    expected="Python code in ZipFile that imports `cfnresponse` finds AWS's module of that name",
    source="AWS CloudFormation User Guide, cfn-response module",
    test="tests/localcloud/test_public_templates.py::test_a_failed_first_deployment_shows_its_reason_in_the_events",
)
def _with_module(old: _Zip) -> _Zip:
    def zipped(source: str | None, handler: str, runtime: str = "python3.12") -> bytes | None:
        made = old(source, handler, runtime)
        if made is None or not runtime.startswith("python") or not _IMPORT.search(source or ""):
            return made
        archive = io.BytesIO(made)
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as added:
            added.writestr("cfnresponse.py", _MODULE.read_text())
        return archive.getvalue()

    return zipped
