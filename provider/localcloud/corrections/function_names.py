"""The names by which a Lambda function, version or alias may be called. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import unquote

_REFERENCE = re.compile(
    r"(?:arn:aws[\w-]*:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)
_PATH = re.compile(r"/[\d-]+/(?:functions|resource-policy)/([^/]+)")


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function; `qualifier` is a version, an alias, `$LATEST`, or empty for the function itself."""

    account: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def arn(self) -> str:
        """The ARN, which carries the qualifier."""
        return f"{self.function}:{self.qualifier}" if self.qualifier else self.function

    @property
    def function(self) -> str:
        """The ARN without qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @classmethod
    def read(cls, reference: str, account: str, region: str, qualifier: str = "") -> Self | None:
        """Read a name, a partial or a full ARN; the rest is what the caller's own account and Region supply."""
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            return None
        return cls(
            match["account"] or account, match["region"] or region, match["name"], match["qualifier"] or qualifier
        )

    @classmethod
    def of_arn(cls, arn: str) -> Self | None:
        """Read a full ARN; None for anything else."""
        return cls.read(arn, "", "") if arn.startswith("arn:") and ":function:" in arn else None

    @classmethod
    def of_path(cls, path: str, account: str, region: str, qualifier: str = "") -> Self | None:
        """Read the function that the path of a request to Lambda names; None when it names none."""
        match = _PATH.match(unquote(path))
        return cls.read(unquote(match[1]), account, region, qualifier) if match else None

    def unqualified(self) -> Self:
        """The function itself."""
        return replace(self, qualifier="")
