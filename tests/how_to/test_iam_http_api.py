"""docs/how-to/iam-http-api.md, followed: a role really assumed, calls really signed, each route decided by IAM."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_a_function_calls_another_accounts_http_api_by_a_role_there_while_its_stack_asks_for_it(
    org: Organization, tmp_path: Path
) -> None:
    follow("iam-http-api.md", org, tmp_path)
