"""docs/how-to/token-authorizer.md, followed: real calls of REST and HTTP APIs, real handshakes of a WebSocket API."""

from pathlib import Path

from pages import follow
from rolled_out import Organization


def test_apis_of_all_kinds_are_authorized_by_another_accounts_function_while_their_stacks_and_its_owner_say_so(
    org: Organization, tmp_path: Path
) -> None:
    follow("token-authorizer.md", org, tmp_path)
