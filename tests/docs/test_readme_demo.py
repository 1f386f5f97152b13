"""What the README shows of the demo is in the recording, which a test of the demo compares with each run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_readme_shows_lines_of_the_recording_in_their_order() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.search(r"```text\n(.*?)```", readme[readme.index("make demo") :], re.DOTALL)
    recorded = " ".join((ROOT / "docs" / "demo.md").read_text("utf-8").split())
    assert shown is not None
    place = 0
    for line in shown[1].splitlines():
        found = recorded.find(" ".join(line.split()), place)
        assert found >= 0, line
        place = found
