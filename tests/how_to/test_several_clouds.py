"""docs/how-to/several-clouds.md, followed."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_environment_and_a_reserved_name_pick_the_token_service(org: Organization, tmp_path: Path) -> None:
    follow("several-clouds.md", org, tmp_path)
