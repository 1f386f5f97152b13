"""docs/how-to/cross-region.md, followed: real calls in one Region, authorized by a function in another."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_an_api_is_authorized_by_another_accounts_function_in_another_region(org: Organization, tmp_path: Path) -> None:
    follow("cross-region.md", org, tmp_path)
