"""docs/how-to/private-api.md, followed."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_a_private_api_is_called_from_another_account_by_what_each_side_deploys_alone(
    org: Organization, tmp_path: Path
) -> None:
    follow("private-api.md", org, tmp_path)
