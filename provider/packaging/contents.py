"""Which files go into which zip. The parts of the package are named here as folders; none is imported."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

from provider.packaging import model
from provider.packaging.archive import Entry
from provider.packaging.artifact import Architecture
from provider.packaging.errors import NotACheckoutError, StrayFileError, WrongWheelError
from provider.packaging.wheels import Wheel

PACKAGE = "provider"
MODELS = f"{PACKAGE}/controller/models"
"""A folder for the front of botocore's search path."""

_OURS = {".py", ".json"}
_LEFT_OUT = {"py.typed"}
_NOT_RUN = {".pyi", ".typed"}
_NOT_RUN_FOLDERS = {"tests", "benchmarks", "__pycache__"}
_NOT_IMPORTED = ("aws_lambda_powertools/event_handler/", "aws_lambda_powertools/utilities/")
_IMPORTED = ("aws_lambda_powertools/utilities/__init__.py", "aws_lambda_powertools/utilities/jmespath_utils/")
"""Parts of libraries that nothing of ours comes to load, half a megabyte of the zip; and what is loaded of them."""
_RECORDS = ("METADATA", "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clone of the repository."""

    root: Path

    @classmethod
    def here(cls) -> "Checkout":
        """The clone that this module lies in.

        Raises:
            NotACheckoutError: it was installed without the rest of the repository.
        """
        checkout = cls(Path(__file__).resolve().parents[2])
        if not checkout.requirements("provider").exists():
            raise NotACheckoutError(checkout.requirements("provider"))
        return checkout

    def requirements(self, name: str) -> Path:
        """The file that pins what a zip carries besides our code."""
        return self.root / "requirements" / f"{name}.txt"

    def templates(self) -> tuple[Path, ...]:
        """The templates that an organization deploys; examples are none of them."""
        return tuple(sorted((self.root / "templates").glob("*.yaml")))

    def code(self, *parts: str) -> Iterator[Entry]:
        """The package's `__init__.py` and all files of the named parts of it.

        Raises:
            StrayFileError: a file there is neither code nor schema.
        """
        yield self._entry(self.root / PACKAGE / "__init__.py")
        for part in parts:
            for path in sorted((self.root / PACKAGE / part).rglob("*")):
                if path.is_file() and not _is_ignored(path.relative_to(self.root)):
                    yield self._entry(path)

    def _entry(self, path: Path) -> Entry:
        if path.suffix not in _OURS:
            raise StrayFileError(path)
        return Entry.of(path.relative_to(self.root).as_posix(), path.read_bytes())


def _is_ignored(path: Path) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    return hidden or path.name in _LEFT_OUT


def provider(checkout: Checkout, wheels: Iterable[Wheel]) -> tuple[Entry, ...]:
    """The provider's zip: its code and what it needs that no runtime brings; nothing compiled.

    Raises:
        WrongWheelError: a wheel is compiled for one machine.
    """
    pure = tuple(wheels)
    for wheel in pure:
        if not wheel.fits_every_machine:
            raise WrongWheelError(f"{wheel.path.name} is compiled, but provider.zip is to run on every machine")
    return (*checkout.code("function"), *merged(pure))


def controller(checkout: Checkout, wheels: Iterable[Wheel], architecture: Architecture) -> tuple[Entry, ...]:
    """The controller's zip for one architecture: its code, the core, what they need, and the Lambda model."""
    fitting = tuple(wheel for wheel in wheels if wheel.fits(architecture))
    return (*checkout.code("core", "controller"), *merged(fitting), *_models())


def merged(wheels: Iterable[Wheel]) -> tuple[Entry, ...]:
    """What wheels hold that runs, or that their licences want told.

    Raises:
        WrongWheelError: two wheels hold different files under one name.
    """
    found: dict[str, Entry] = {}
    for wheel in wheels:
        for name, entry in wheel.files().items():
            if _is_kept(PurePosixPath(name)) and found.setdefault(name, entry).content != entry.content:
                raise WrongWheelError(f"{wheel.path.name} has another {name} than the other wheels")
    return tuple(found.values())


def _is_kept(path: PurePosixPath) -> bool:
    if path.parts[0].endswith(".dist-info"):
        return path.name.startswith(_RECORDS)
    if path.as_posix().startswith(_NOT_IMPORTED) and not path.as_posix().startswith(_IMPORTED):
        return False
    return path.suffix not in _NOT_RUN and not _NOT_RUN_FOLDERS.intersection(path.parts)


def _models() -> Iterator[Entry]:
    yield Entry.of(f"{MODELS}/{model.PATH}", model.lambda_model())
    for file in distribution("botocore").files or ():
        if file.parent.suffix == ".dist-info" and file.name.startswith(_RECORDS[1:]):
            yield Entry.of(f"{MODELS}/{file.name}", Path(str(file.locate())).read_bytes())
