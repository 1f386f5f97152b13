"""Each rule finds what its page shows as found, where it says, and nothing in what it shows as right."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from linting import ROOT, RULES, linted

PAGES = sorted(path for path in (ROOT / "docs" / "rules").glob("*.md") if path.stem != "README")

# Where each page's finding stands: the line's text, without white space.
PLACES = {
    "E9101": ["ApiId: arn:aws:apigateway"],
    "E9103": ["ApiId: !Ref OrdersApi"],
    "E9102": ["AuthorizerUri: !GetAtt Permission.AuthorizerURI"],
    "E9104": [
        "ServiceToken: !Sub arn:${AWS::Partition}:lambda:eu-central-1:${AWS::AccountId}:function:cross-account-permission"
    ],
    "W9105": ["Properties:"],
    "W9106": ["AuthorizerUri: !Sub arn:"],
    "E9107": ["ApiId: !Ref OrdersApi"],
    "W9108": ["Token:"],
    "W9109": ["OrdersDeployment1:"],
    "W9110": ["DeletionPolicy: Retain", "UpdateReplacePolicy: Retain"],
}


def templates(page: Path) -> tuple[str, str]:
    """The template in which a page's mistake is found, and the one in which it is not."""
    found, right = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return found, right


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_mistake_on_its_page_is_found_where_it_stands_and_no_other(page: Path, tmp_path: Path) -> None:
    bad, _ = templates(page)
    found = [one for one in linted(bad, tmp_path) if one.rule.id[1:3] == "91"]
    assert {one.rule.id for one in found} == {page.stem}, "this and nothing else of ours"
    lines = bad.splitlines()
    places = [lines[one.linenumber - 1].strip() for one in found]
    for place in PLACES[page.stem]:
        assert any(line.startswith(place) for line in places), places
    for one in found:
        assert one.message.endswith("."), "a message ends with what to do"
        assert len(re.split(r"(?<=[.:;]) ", one.message)) > 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_right_template_is_clean(page: Path, tmp_path: Path) -> None:
    _, right = templates(page)
    assert [(one.rule.id, one.message) for one in linted(right, tmp_path)] == []


def test_every_rule_has_its_page_and_stands_in_the_list() -> None:
    rules = {path.read_text("utf-8").split('id = "', 1)[1][:5] for path in RULES.glob("[!_]*.py")}
    assert rules == {page.stem for page in PAGES} == set(PLACES)
    listed = (ROOT / "docs" / "rules" / "README.md").read_text("utf-8")
    assert [rule for rule in rules if f"[{rule}]({rule}.md)" not in listed] == []


@pytest.mark.parametrize(
    "template", sorted((ROOT / "templates").rglob("*.yaml")), ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_our_own_templates_and_examples_are_clean(template: Path, tmp_path: Path) -> None:
    found = linted(template.read_text("utf-8"), tmp_path)
    assert [(one.rule.id, one.message) for one in found if one.rule.id[1:3] == "91"] == []


def test_a_wrong_property_of_a_guard_is_found(tmp_path: Path) -> None:
    text = (ROOT / "templates" / "account-provider.yaml").read_text("utf-8")
    wrong = text.replace("AllowDeletionWithGrants: !Ref", "AllowDeletionWithGrant: !Ref")
    assert [one.rule.id for one in linted(wrong, tmp_path) if one.rule.id[1:3] == "91"] == ["E9101"]


@pytest.mark.parametrize("place", ["README.md", "docs/rules/README.md", "provider/cli/rules.py"])
def test_cfn_lint_is_told_the_template_before_the_rules(place: str) -> None:
    """`-a` takes all that follows it for rules, the template too. docs/how-to/first-permission.md is followed so."""
    commands = re.findall(r"cfn-lint .*crossaccount rules.*", (ROOT / place).read_text("utf-8"))
    assert len(commands) == 1
    assert re.match(r'cfn-lint template\.yaml -a "\$\(\S*crossaccount rules\)"', commands[0])


def test_a_repository_has_the_rules_through_its_cfnlintrc(tmp_path: Path) -> None:
    """As the list of rules shows the file, with the place that `crossaccount rules` prints here."""
    [shown] = re.findall(
        r"```yaml\n(append_rules:\n.*?)```", (ROOT / "docs/rules/README.md").read_text("utf-8"), re.DOTALL
    )
    settings = re.sub(r"(?<=  - ).*", str(RULES), shown)
    (tmp_path / ".cfnlintrc").write_text(settings, "utf-8")
    bad, _ = templates(ROOT / "docs" / "rules" / "E9101.md")
    (tmp_path / "template.yaml").write_text(bad, "utf-8")
    command = [str(Path(sys.executable).with_name("cfn-lint")), "template.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert re.search(r"^E9101 ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    (tmp_path / ".cfnlintrc").unlink()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "E9101" not in done.stdout
