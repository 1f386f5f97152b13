"""What can go wrong while zips are built or uploaded: one class per case, and the class owns the words.

Each sentence states the fact, then the remedy.
"""

from pathlib import Path


class PackagingError(Exception):
    """Any failure to build or release; `str()` is one sentence for a person, the remedy last."""


class NotACheckoutError(PackagingError):
    """The package is installed without the files of its repository."""

    def __init__(self, missing: Path) -> None:
        super().__init__(
            f"{missing} does not exist: zips are built from a clone of the repository. Run this in a clone."
        )


class UnpinnedError(PackagingError):
    """A requirements file names a dependency without an exact version or a hash."""

    def __init__(self, file: Path, line: str) -> None:
        super().__init__(
            f"{file.name} does not pin {line!r} by version and hash. Write name==version --hash=sha256:..."
        )


class DownloadError(PackagingError):
    """Pip could not fetch a pinned wheel; carries the end of what pip said."""

    def __init__(self, file: Path, said: str) -> None:
        last = said.strip().splitlines()[-1:] or ["pip said nothing"]
        super().__init__(
            f"pip could not download what {file.name} pins ({last[0].strip()}). Check the network and pip's index settings."
        )


class WrongWheelError(PackagingError):
    """Wheels that are merged into one zip disagree about a file, or none fits an architecture."""

    def __init__(self, fact: str) -> None:
        super().__init__(f"{fact}. Correct the pins under requirements/ and remove the wheel cache.")


class StrayFileError(PackagingError):
    """A file stands in a packaged folder that is neither code nor schema."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is neither .py nor .json, so no zip may hold it. Move it out of the package.")


class WrongBotocoreError(PackagingError):
    """The installed botocore is not the one that the service model is cut from."""

    def __init__(self, installed: str, wanted: str) -> None:
        super().__init__(
            f"botocore {installed} is installed, but the zips' service model is cut from {wanted}. "
            "Run `make venv`, or install that version."
        )


class NothingToReleaseError(PackagingError):
    """There is nothing to upload: a kind of zip or every template is missing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what} to upload. Run this in a clone of the repository.")


class ReleaseError(PackagingError):
    """The zips are built, but AWS did not take them."""


class BucketMissingError(ReleaseError):
    """The artifact bucket does not exist."""

    def __init__(self, bucket: str, region: str) -> None:
        super().__init__(
            f"Bucket {bucket} does not exist. "
            f"Deploy templates/artifacts.yaml in the central account in {region} first, or use that account's profile."
        )


class BucketRegionError(ReleaseError):
    """The artifact bucket stands in another Region than the functions that are to use it."""

    def __init__(self, bucket: str, actual: str, wanted: str) -> None:
        super().__init__(
            f"Bucket {bucket} is in {actual}, but Lambda reads code from its own Region only. "
            f"Deploy templates/artifacts.yaml in {wanted} and name that bucket."
        )


class BucketDeniedError(ReleaseError):
    """S3 refused a call, or the bucket belongs to another account."""

    def __init__(self, bucket: str, call: str, owner: str) -> None:
        super().__init__(
            f"S3 refuses {call} on {bucket}: no permission, or the bucket is not account {owner}'s. "
            "Use a profile of the central account that may write to its artifact bucket."
        )


class UploadError(ReleaseError):
    """Others kept writing the same key at the same moment."""

    def __init__(self, key: str, bucket: str, code: str) -> None:
        super().__init__(
            f"S3 did not take {key} into {bucket} ({code}). Run the command again; nothing is uploaded twice."
        )
