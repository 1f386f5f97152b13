"""The pictures of the map in the docs are of the page as it is: `make docs` takes them."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from bank import Bank
from browsing import chromium, opened

from provider.cli.page import rendering

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = {"light": "", "dark": "", "details": "#q=checkout&show=grant+{}"}
"""By name, what the page shows."""
_MADE_OF = re.compile(r"<!-- pictures of the page ([0-9a-f]+) -->")


def made_of() -> str:
    """What the page is made of, in a few digits."""
    files = sorted(one for one in Path(rendering.__file__).parent.iterdir() if one.suffix in (".html", ".css", ".js"))
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:16]


def take(bank: Bank, folder: Path) -> None:
    """Take all of them; smaller where the machine has pngquant."""
    drawn = bank.seen()
    [shown] = [one.id for one in drawn.grants if "checkout" in one.stack]
    with chromium() as browser:
        for name, fragment in PICTURES.items():
            scheme = "dark" if name == "dark" else "light"
            size = {"width": 1360, "height": 860}
            with opened(browser, drawn, folder, color_scheme=scheme, viewport=size) as at:
                at.show(fragment.format(shown))
                at.page.screenshot(path=DOCS / "map" / f"{name}.png")
            if shutil.which("pngquant"):
                file = str(DOCS / "map" / f"{name}.png")
                subprocess.run(
                    ["pngquant", "--force", "--strip", "--quality", "80-98", "--output", file, file], check=True
                )


def test_the_pictures_are_of_the_page_as_it_is(bank: Bank, tmp_path: Path) -> None:
    """Shown on the map's page, and small."""
    page = DOCS / "map.md"
    if os.environ.get("WRITE_DOCS"):
        (DOCS / "map").mkdir(exist_ok=True)
        take(bank, tmp_path)
        page.write_text(_MADE_OF.sub(f"<!-- pictures of the page {made_of()} -->", page.read_text("utf-8")), "utf-8")
    text = page.read_text("utf-8")
    assert _MADE_OF.findall(text) == [made_of()], "run `make docs`"
    assert sorted(re.findall(r"\]\(map/(.*?)\)", text)) == sorted(f"{name}.png" for name in PICTURES)
    for name in PICTURES:
        picture = (DOCS / "map" / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 300_000
