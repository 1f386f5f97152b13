"""`crossaccount map`: the forms it prints, and the page that it writes whole or not at all."""

import base64
import hashlib
import json
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from centre import CONSUMER, OWNER, permission, target
from reading import ReadCentre, read

from provider.cli.listings import GrantLine
from provider.cli.main import run
from provider.cli.mapping import PermissionMap
from provider.cli.page.rendering import rendered

__all__ = ["read"]
HOSTILE = "</script><!--<script></title></noscript><img src=x onerror=alert(1)>\"'&\u2028"


@pytest.fixture
def granted(read: ReadCentre) -> ReadCentre:
    read.ask(OWNER, target().event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    return read


def test_a_page_is_written_and_what_it_shows_is_said(granted: ReadCentre, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    file.write_text("an older one")
    assert run(["map", "--html", str(file)]) == 0
    assert granted.capsys.readouterr().out == f"{file}: 1 grant on 1 target.\n"
    page = file.read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert f"{OWNER}/token-service" in page
    assert list(tmp_path.iterdir()) == [file]


def test_a_page_goes_to_stdout_where_it_is_asked_to(granted: ReadCentre) -> None:
    """And nothing else with it."""
    assert run(["map", "--html", "-", *granted.account(CONSUMER)]) == 0
    page = granted.capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert f"what account <code>{CONSUMER}</code> owns and holds" in page


def test_json_has_the_statements_and_policies(granted: ReadCentre) -> None:
    """Whose they are, when it was, and of whose part of the ledger."""
    assert run(["map"]) == 0
    drawn = json.loads(granted.capsys.readouterr().out)
    [statement], [policy], [grant] = drawn["statements"], drawn["policies"], drawn["grants"]
    assert statement["document"]["Sid"].startswith(f"CrossAccount{drawn['seen']['centre']}Authorizer")
    assert statement["names"] == {grant["id"]: [f"arn:aws:execute-api:us-east-1:{CONSUMER}:a1b2c3d4e5/authorizers/*"]}
    assert (policy["size"], policy["limit"]) == (
        len(json.dumps(granted.centre.policies.document(policy["resource"]), separators=(",", ":"))),
        20480,
    )
    assert drawn["seen"]["account"] == ""


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_a_drawing_is_printed(granted: ReadCentre, form: str) -> None:
    assert run(["map", "--format", form]) == 0
    assert f"{OWNER}/token-service" in granted.capsys.readouterr().out


def test_an_empty_ledger_is_a_page_as_well(read: ReadCentre) -> None:
    assert run(["map", "--html", "-"]) == 0
    assert "Nothing is granted." in read.capsys.readouterr().out


# --- what goes wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "code", "words"),
    [
        ("", 2, "is a directory"),
        ("missing/map.html", 3, "No such file or directory. Check that path, its permissions and the free space."),
        ("file/map.html", 3, "Not a directory. Check that path"),
    ],
)
def test_a_place_that_cannot_be_written_is_said(
    granted: ReadCentre, tmp_path: Path, where: str, code: int, words: str
) -> None:
    (tmp_path / "file").touch()
    assert run(["map", "--html", str(tmp_path / where)]) == code
    said = granted.capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert str(tmp_path / where) in said.err
    assert ".partial" not in said.err


@pytest.fixture
def little_space() -> Iterator[None]:
    """No file may have more than a few bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_page_for_which_there_is_no_room_leaves_the_old_one(
    granted: ReadCentre, tmp_path: Path, little_space: None
) -> None:
    file = tmp_path / "map.html"
    file.write_text("an older one")
    assert run(["map", "--html", str(file)]) == 3
    assert f"refused to use {file}" in granted.capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "an older one"


def test_two_forms_at_once_are_none(granted: ReadCentre) -> None:
    assert run(["map", "--html", "-", "--format", "dot"]) == 2
    assert "Give --format or --html, not both." in granted.capsys.readouterr().err


# --- the page as text --------------------------------------------------------------------------------


def hostile() -> PermissionMap:
    """A map whose every text is somebody's attack."""
    line = GrantLine(
        f"{OWNER}/{HOSTILE}",
        HOSTILE,
        HOSTILE,
        HOSTILE,
        "InForce",
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        (HOSTILE,),
        HOSTILE,
        HOSTILE,
        HOSTILE,
    )
    return PermissionMap.of([], [line])


def test_no_name_leaves_its_place_in_the_page() -> None:
    """Neither the data nor the plain table has a character of it that markup is made of."""
    page = rendered(hostile())
    calm = rendered(PermissionMap.of([], []))
    assert page.count("<script") == calm.count("<script")
    assert page.count("</noscript>") == calm.count("</noscript>")
    assert page.count("<!--") == calm.count("<!--")
    assert "<img" not in page
    assert "\u2028" not in page.partition('id="map">')[2].partition("</script>")[0]
    data = re.search(r'<script type="application/json" id="map">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["grants"][0]["stack"] == HOSTILE


def test_the_page_lets_nothing_run_or_load_but_what_is_in_it() -> None:
    """Its policy comes before all that it is about, and its hashes are those of the style and the scripts."""
    page = rendered(hostile())
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', page)
    assert policy is not None
    assert policy.start() < page.index("<style>")
    said = policy[1].replace("&#39;", "'")
    rules = dict(rule.strip().split(" ", 1) for rule in said.split(";"))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {
        "default-src",
        "script-src",
        "style-src",
        "base-uri",
        "form-action",
        "require-trusted-types-for",
        "trusted-types",
    }
    assert "unsafe" not in said
    assert "http" not in said

    def hashes(tag: str) -> set[str]:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        return {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in found}

    assert set(rules["script-src"].split()) == hashes("script")
    assert set(rules["style-src"].split()) == hashes("style")


def test_the_page_has_no_address_and_no_handler() -> None:
    """Nothing of it is anywhere else."""
    page = rendered(PermissionMap.of([], []))
    assert re.findall(r"""\b(?:src|action|srcset|style|on[a-z]+)=""", page) == []
    assert {link for link in re.findall(r'href="([^"]*)"', page) if not link.startswith("#")} == set()
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in page
    assert "url(" not in page
