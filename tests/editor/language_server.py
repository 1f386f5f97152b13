"""A real YAML language server, npm's `yaml-language-server`, spoken to over its standard input and output.

It has the settings that docs/editors.md gives, taken from the page.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from node_environment import NodeEnvironment, node

from provider.editor.template_schema import FILE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "editors.md"
_HERE = Path(__file__).parent
_NODE = NodeEnvironment("editor", _HERE, ("requirements.txt", "package.json", "package-lock.json", ".npmrc"))
_SERVER = Path("node_modules", "yaml-language-server", "bin", "yaml-language-server")


def settings() -> dict[str, Any]:
    """The settings of VS Code that the page gives, for our schema where it lies."""
    block = re.search(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block is not None
    given = json.loads(block[1])
    return {
        "schemas": {FILE.as_uri(): "*.yaml"},
        "customTags": given["yaml.customTags"],
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where, both counted from one as editors show them."""

    line: int
    column: int
    message: str


class LanguageServer:
    """The process; use as a context manager."""

    def __init__(self) -> None:
        home = _NODE.ensure()
        command = [str(node(home)), str(home / _SERVER), "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home)
        self._ids, self._documents = count(1), count(1)
        self._settings = settings()

    def findings(self, text: str) -> list[Finding]:
        """What it finds in a template."""
        return self.all_findings([text])[0]

    def all_findings(self, texts: Iterable[str]) -> list[list[Finding]]:
        """What it finds in each of some templates; it waits a while before it looks, for all of them at once."""
        found: dict[str, list[Finding]] = {}
        opened = [self._open(text) for text in texts]
        while set(opened) - set(found):
            said = self._read()
            if said.get("method") == "textDocument/publishDiagnostics":
                places = said["params"]["diagnostics"]
                found[said["params"]["uri"]] = [_finding(one["range"]["start"], one["message"]) for one in places]
        return [found[uri] for uri in opened]

    def hover(self, text: str) -> str:
        """What it shows of the place marked by `|`."""
        found = self._at("textDocument/hover", text)
        return str(found["contents"]["value"]) if found else ""

    def completions(self, text: str) -> dict[str, str]:
        """What it proposes at the place marked by `|`: labels, and the text that each would write."""
        found = self._at("textDocument/completion", text)
        items = found["items"] if isinstance(found, dict) else found or []
        return {one["label"]: _written(one) for one in items}

    def _at(self, method: str, text: str) -> Any:
        before, _, after = text.partition("|")
        uri = self._open(before + after)
        lines = before.split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        return self._ask(method, {"textDocument": {"uri": uri}, "position": position})

    def _open(self, text: str) -> str:
        uri = f"file:///templates/{next(self._documents)}.yaml"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def _ask(self, method: str, parameters: Any) -> Any:
        asked = next(self._ids)
        self._send({"id": asked, "method": method, "params": parameters})
        while True:
            said = self._read()
            if said.get("id") == asked and "method" not in said:
                assert "error" not in said, said["error"]
                return said["result"]

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        """The next message; what the server asks its editor is answered on the way."""
        out = self._process.stdout
        assert out is not None
        length = 0
        while line := out.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        said: dict[str, Any] = json.loads(out.read(length))
        if "id" in said and "method" in said:
            self._send({"id": said["id"], "result": self._answer(said)})
        return said

    def _answer(self, asked: Mapping[str, Any]) -> Any:
        if asked["method"] == "workspace/configuration":
            return [self._settings if one.get("section") == "yaml" else None for one in asked["params"]["items"]]
        return None

    def __enter__(self) -> Self:
        knows = {"workspace": {"configuration": True}, "textDocument": {"hover": {}, "completion": {}}}
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": knows})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": {"yaml": self._settings}}})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.kill()
        self._process.wait(timeout=10)


def _finding(start: Mapping[str, int], message: str) -> Finding:
    return Finding(start["line"] + 1, start["character"] + 1, message)


def _written(item: Mapping[str, Any]) -> str:
    """What an editor writes for a proposal: a snippet's escapes and placeholders are taken out, by the protocol's grammar."""
    text = str((item.get("textEdit") or {}).get("newText", item.get("insertText", "")))
    if item.get("insertTextFormat") != _SNIPPET:
        return text
    return re.sub(r"\\(.)|\$\{\w+:([^}]*)\}|\$\d", lambda found: found[1] or found[2] or "", text)


_SNIPPET = 2
