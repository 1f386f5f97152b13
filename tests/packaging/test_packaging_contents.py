"""Each zip holds what its function needs, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from shutil import copytree, ignore_patterns
from zipfile import ZipFile

import pytest

from provider import __version__
from provider.packaging import Architecture, Artifact
from provider.packaging.archive import Entry, written
from provider.packaging.contents import Checkout, merged, provider
from provider.packaging.errors import StrayFileError, WrongWheelError
from provider.packaging.wheels import MACHINES, PYTHONS, Wheel

ROOT = Path(__file__).parents[2]
CONTROLLER_PACKAGES = {
    "attr",
    "attrs",
    "aws_lambda_powertools",
    "jsonschema",
    "jsonschema_specifications",
    "provider",
    "referencing",
    "rpds",
    "typing_extensions.py",
}
ELF_MACHINES = {Architecture.ARM64: 183, Architecture.X86_64: 62}


def _names(artifact: Artifact) -> list[str]:
    with ZipFile(artifact.path) as opened:
        return opened.namelist()


def _tops(artifact: Artifact) -> set[str]:
    return {name.split("/")[0] for name in _names(artifact) if ".dist-info/" not in name}


def test_the_provider_is_its_code_and_crhelper(provider_zip: Artifact) -> None:
    """Small enough to read, and pure Python: one zip for every machine."""
    ours = {name for name in _names(provider_zip) if name.startswith("provider/")}
    assert _tops(provider_zip) == {"crhelper", "provider"}
    assert all(name == "provider/__init__.py" or name.startswith("provider/function/") for name in ours)
    assert {"provider/__init__.py", "provider/function/entry.py"} <= ours
    assert not [name for name in _names(provider_zip) if name.endswith(".so")]


def test_the_controller_is_its_code_the_core_and_its_libraries(controller_zip: Artifact) -> None:
    """No command line, no local cloud, no packaging, no boto3."""
    parts = {name.split("/")[1] for name in _names(controller_zip) if name.startswith("provider/")}
    assert _tops(controller_zip) == CONTROLLER_PACKAGES
    assert parts == {"__init__.py", "core", "controller"}


def test_every_module_and_schema_of_the_tree_is_there(provider_zip: Artifact, controller_zip: Artifact) -> None:
    """Nothing is forgotten, whatever folder it lies in."""
    for artifact, parts in ((provider_zip, ("function",)), (controller_zip, ("core", "controller"))):
        tree = {
            path.relative_to(ROOT).as_posix()
            for part in parts
            for suffix in ("py", "json")
            for path in (ROOT / "provider" / part).rglob(f"*.{suffix}")
        }
        assert tree <= set(_names(artifact))


def test_no_zip_holds_what_never_runs(artifacts: list[Artifact]) -> None:
    """No tests, bytecode, stubs or records of installation."""
    for artifact in artifacts:
        for name in _names(artifact):
            assert not {"__pycache__", "tests", "benchmarks"} & set(name.split("/")), name
            assert not name.endswith((".pyc", ".pyi", "py.typed", "/RECORD", "/WHEEL")), name


def test_every_foreign_package_brings_its_licence(artifacts: list[Artifact]) -> None:
    """Their licences want it, and METADATA lets scanners know the versions."""
    for artifact in artifacts:
        names = _names(artifact)
        folders = {name.split("/")[0] for name in names if ".dist-info/" in name}
        assert folders
        for folder in folders:
            assert f"{folder}/METADATA" in names
            assert [name for name in names if name.startswith(folder) and name.endswith(("LICENSE", "COPYING"))]


def test_a_compiled_module_for_each_runtime_is_of_the_zips_machine(controller_zip: Artifact) -> None:
    """One per managed Python, side by side; its ELF header names the architecture that the zip is for."""
    architecture = controller_zip.architecture
    assert architecture is not None
    with ZipFile(controller_zip.path) as opened:
        modules = {name: opened.read(name) for name in opened.namelist() if name.endswith(".so")}
    tags = [f"cpython-{python.replace('.', '')}-{MACHINES[architecture]}-linux-gnu" for python in PYTHONS]
    assert sorted(modules) == [f"rpds/rpds.{tag}.so" for tag in tags]
    for content in modules.values():
        assert content[:4] == b"\x7fELF"
        assert int.from_bytes(content[18:20], "little") == ELF_MACHINES[architecture]


def test_the_zips_are_small(provider_zip: Artifact, controller_zip: Artifact) -> None:
    """What is loaded on a cold start, and what a security team reads."""
    assert provider_zip.size <= 64 * 1024
    assert controller_zip.size <= 3 * 1024 * 1024


def test_names_and_manifest_tell_the_content(artifacts: list[Artifact]) -> None:
    """The first 16 digits of the hash in the name, the whole of it in the manifest."""
    manifest = json.loads((artifacts[0].path.parent / "manifest.json").read_text())
    assert manifest["version"] == __version__
    assert [file["name"] for file in manifest["files"]] == [artifact.key for artifact in artifacts]
    for artifact, file in zip(artifacts, manifest["files"], strict=True):
        content = artifact.path.read_bytes()
        stem = "-".join(filter(None, (artifact.kind, artifact.architecture)))
        assert artifact.key == f"{stem}-{sha256(content).hexdigest()[:16]}.zip"
        assert (file["sha256"], file["size"]) == (sha256(content).hexdigest(), len(content))


BUILD_ELSEWHERE = """
import zlib, os, sys
from pathlib import Path
def refuse(*_, **__): raise AssertionError("zlib deflates")
zlib.compress = zlib.compressobj = refuse
os.umask(0o077)
from provider.packaging import build
build(Path(sys.argv[1]), cache=Path(sys.argv[2]))
"""


def _build_elsewhere(tree: Path, cache: Path, **environment: str) -> dict[str, bytes]:
    zips = tree / "zips"
    command = [sys.executable, "-c", BUILD_ELSEWHERE, str(zips), str(cache)]
    subprocess.run(command, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)} | environment, check=True)
    return {path.name: path.read_bytes() for path in zips.glob("*.zip")}


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path, artifacts: list[Artifact], wheel_cache: Path) -> None:
    """Whoever builds it, wherever, with whatever times, permissions, locale, hash seed and zlib."""
    assert artifacts  # so that the wheels are there
    first, second = tmp_path / "first", tmp_path / "second" / "deeper"
    left_out = ignore_patterns("__pycache__")
    for folder in ("provider", "requirements"):
        copytree(ROOT / folder, first / folder, ignore=left_out)
        copytree(first / folder, second / folder)
    for path in second.rglob("*"):
        os.utime(path, (10**9, 10**9))
        path.chmod(0o700)
    (second / "provider" / "function" / ".hidden.swp").write_text("an editor's")
    one = _build_elsewhere(first, wheel_cache, PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")
    other = _build_elsewhere(second, wheel_cache, PYTHONHASHSEED="2", TZ="UTC", LC_ALL="C.UTF-8")
    assert len(one) == 3
    assert one == other


def test_another_content_has_another_name(tmp_path: Path, artifacts: list[Artifact], wheel_cache: Path) -> None:
    """A changed function is another file, so a stack that names the old one keeps it."""
    assert artifacts
    for folder in ("provider", "requirements"):
        copytree(ROOT / folder, tmp_path / folder, ignore=ignore_patterns("__pycache__"))
    before = _build_elsewhere(tmp_path, wheel_cache)
    module = tmp_path / "provider" / "function" / "entry.py"
    module.write_text(module.read_text() + "# changed\n")
    after = _build_elsewhere(tmp_path, wheel_cache)
    changed = sorted(after.keys() - before.keys())
    assert [name.split("-")[0] for name in changed] == ["provider"]
    assert before.keys() < after.keys()


def test_a_stray_file_stops_the_build(tmp_path: Path) -> None:
    """Nothing is put into a zip, or left out of it, without being meant."""
    function = tmp_path / "provider" / "function"
    function.mkdir(parents=True)
    (tmp_path / "provider" / "__init__.py").touch()
    (function / "secret.pem").touch()
    with pytest.raises(StrayFileError, match=r"secret\.pem is neither"):
        list(Checkout(tmp_path).code("function"))


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[[str, bytes], Wheel]:
    """Writes a wheel that holds one module."""

    def write(name: str, content: bytes) -> Wheel:
        path = tmp_path / f"{name}.whl"
        path.write_bytes(written([Entry.of("module.py", content)]))
        return Wheel(path)

    return write


def test_wheels_that_disagree_are_not_merged(wheel: Callable[[str, bytes], Wheel]) -> None:
    """Two builds of a package share their Python files, or the zip would depend on their order."""
    one, other = (
        wheel("a-1-cp311-cp311-manylinux2014_x86_64", b"1"),
        wheel("a-1-cp312-cp312-manylinux2014_x86_64", b"2"),
    )
    with pytest.raises(WrongWheelError, match=r"another module\.py"):
        merged([one, other])


def test_nothing_compiled_goes_into_the_provider(wheel: Callable[[str, bytes], Wheel]) -> None:
    """Its one zip runs on every machine."""
    with pytest.raises(WrongWheelError, match="is compiled"):
        provider(Checkout(ROOT), [wheel("a-1-cp311-cp311-manylinux2014_x86_64", b"1")])


def test_a_file_that_is_no_wheel_is_told_as_such(tmp_path: Path) -> None:
    """The sentence names the file and the remedy."""
    path = tmp_path / "a-1-py3-none-any.whl"
    path.write_bytes(b"not a zip")
    with pytest.raises(WrongWheelError, match=r"a-1-py3-none-any\.whl is no wheel .* remove the wheel cache"):
        merged([Wheel(path)])
