"""Files that are written whole or not at all."""

from contextlib import suppress
from pathlib import Path


def replaced(path: Path, text: str) -> None:
    """Write a file in UTF-8; what stood there is replaced when the new one is whole.

    Raises:
        OSError: it cannot be written; it names the path, and what stood there stands.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_text(text, "utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error
