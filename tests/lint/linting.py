"""cfn-lint with our rules: loading its rules takes six times as long as a template, so it is done once."""

from functools import cache
from pathlib import Path

from cfnlint.config import ConfigMixIn
from cfnlint.match import Match
from cfnlint.rules import RulesCollection
from cfnlint.runner import Runner
from cfnlint.runner.template import run_template_by_file_paths

ROOT = Path(__file__).parents[2]
RULES = ROOT / "provider" / "lint" / "rules"


def linted(text: str, directory: Path) -> list[Match]:
    """What cfn-lint finds in a template."""
    template = directory / "template.yaml"
    template.write_text(text, "utf-8")
    return list(run_template_by_file_paths(_config(str(template)), _rules()))


@cache
def _rules() -> RulesCollection:
    return Runner(_config(str(ROOT / "templates" / "artifacts.yaml"))).rules


def _config(template: str) -> ConfigMixIn:
    return ConfigMixIn(templates=[template], append_rules=[str(RULES)], regions=["us-east-1"])
