"""The page of the permission map, whole in one file: no request leaves it, and no name in it becomes markup or script.

Text is escaped by Jinja as it goes into the page, and set as text by the scripts. Should either fail, the page's policy
(Content Security Policy Level 3, https://www.w3.org/TR/CSP3/) lets nothing load, nothing run but the scripts of these hashes, and no
text become markup (Trusted Types).
"""

import base64
import hashlib
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from provider.cli.mapping import PermissionMap

_HERE = Path(__file__).parent
_SCRIPTS = ("elements", "states", "shown", "grants", "graph", "tables", "details", "start")
_PLAIN_ROWS = 5_000
"""Grants in the table for browsers without scripts: beyond that it would be too much for any of them."""


def rendered(drawn: PermissionMap) -> str:
    """The page."""
    style = _own("page.css")
    scripts = [_own(f"{name}.js") for name in _SCRIPTS]
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # statements as they are written
    return environment.get_template("page.html").render(
        map=drawn,
        data=asdict(drawn),
        grants=drawn.grants[:_PLAIN_ROWS],
        left_out=len(drawn.grants[_PLAIN_ROWS:]),
        not_in_force=sum(one.state != "InForce" for one in drawn.grants),
        policy=_policy(style, scripts),
        style=style,
        scripts=scripts,
    )


def _own(name: str) -> Markup:
    """A file of this package, which goes into the page as it is."""
    return Markup((_HERE / name).read_text("utf-8"))  # noqa: S704 - our own, and no text of others


def _policy(style: str, scripts: list[Markup]) -> str:
    hashes = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
