"""One language server for all tests of a folder."""

from collections.abc import Iterator

import pytest
from language_server import LanguageServer


@pytest.fixture(scope="session")
def server() -> Iterator[LanguageServer]:
    with LanguageServer() as running:
        yield running
