"""Only wheels whose hash is pinned are used, and none is fetched twice."""

from hashlib import sha256
from pathlib import Path

import pytest

from provider.packaging import Architecture
from provider.packaging.errors import DownloadError, UnpinnedError
from provider.packaging.wheels import Wheel, pinned_hashes, wheels

ROOT = Path(__file__).parents[2]
DIGEST = "0" * 64


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A requirements file of one pin, for the wheel `b"wheel"`."""
    file = tmp_path / "some.txt"
    file.write_text(f"# why\nsome==1.0 \\\n    --hash=sha256:{sha256(b'wheel').hexdigest()}\n")
    return file


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip finds nothing, whatever it is configured with."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def test_the_pins_of_this_repository_are_complete() -> None:
    """One wheel for the provider; six pure ones, and one per Python and architecture, for the controller."""
    assert len(pinned_hashes(ROOT / "requirements" / "provider.txt")) == 1
    assert len(pinned_hashes(ROOT / "requirements" / "controller.txt")) == 6 + 4 * 2


@pytest.mark.parametrize("line", ["some", "some==1.0", f"some>=1.0 --hash=sha256:{DIGEST}", "some==1.0 --hash=md5:00"])
def test_a_line_without_version_or_hash_is_refused(tmp_path: Path, line: str) -> None:
    """The sentence names the line."""
    file = tmp_path / "some.txt"
    file.write_text(f"other==1 --hash=sha256:{DIGEST}\n{line}\n")
    with pytest.raises(UnpinnedError, match=r"some\.txt does not pin 'some"):
        pinned_hashes(file)


@pytest.mark.usefixtures("no_index")
def test_a_full_cache_needs_no_network(tmp_path: Path, requirements: Path) -> None:
    """Wheels are found by their hash; what else lies there is left alone."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "some-1.0-py3-none-any.whl").write_bytes(b"wheel")
    (cache / "stray-1.0-py3-none-any.whl").write_bytes(b"another")
    assert wheels(requirements, cache) == (Wheel(cache / "some-1.0-py3-none-any.whl"),)


@pytest.mark.usefixtures("no_index")
def test_a_changed_wheel_is_not_used(tmp_path: Path, requirements: Path) -> None:
    """It has the name, but not the hash; and when pip cannot fetch the right one, the sentence says so."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "some-1.0-py3-none-any.whl").write_bytes(b"wheel, changed")
    with pytest.raises(
        DownloadError, match=r"pip could not download what some\.txt pins \(ERROR: .*\)\. Check the network"
    ):
        wheels(requirements, cache)


def test_a_wheel_fits_by_its_name() -> None:
    """Pure ones fit everywhere, compiled ones their machine."""
    pure = Wheel(Path("a-1-py3-none-any.whl"))
    arm = Wheel(Path("a-1-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"))
    assert [pure.fits(each) for each in (Architecture.ARM64, Architecture.X86_64)] == [True, True]
    assert [arm.fits(each) for each in (Architecture.ARM64, Architecture.X86_64)] == [True, False]
