"""How long a reason may be, and what is left out of one that is longer.

A reason states the fact first and the remedy last, so the middle is what a reader can spare. crhelper keeps the end
alone. Knows nothing of who fails or why.
"""

LIMIT = 256  # characters
_HEAD = 96
_GAP = " … "
_TAIL = LIMIT - _HEAD - len(_GAP)


def brief(text: str) -> str:
    """Give the text on one line, in at most 256 characters that UTF-8 can carry, cut in the middle."""
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    if len(line) <= LIMIT:
        return line
    return line[:_HEAD] + _GAP + line[-_TAIL:]
