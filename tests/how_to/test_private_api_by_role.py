"""docs/how-to/private-api-by-role.md, followed."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_a_private_api_is_called_by_a_role_of_its_owners_that_a_stack_has_asked_for(
    org: Organization, tmp_path: Path
) -> None:
    follow("private-api-by-role.md", org, tmp_path)
