"""docs/how-to/iam-rest-api.md, followed: real signed calls by the consumer's function."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_a_functions_role_calls_the_methods_and_paths_of_another_accounts_api_that_its_stack_asks_for(
    org: Organization, tmp_path: Path
) -> None:
    follow("iam-rest-api.md", org, tmp_path)
