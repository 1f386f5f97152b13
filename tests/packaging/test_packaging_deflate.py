"""Streams of ours are what every zlib inflates, and no version of zlib has a part in them."""

import zlib
from hashlib import sha256

from hypothesis import example, given
from hypothesis import strategies as st

from provider.packaging.deflate import deflated

REPETITIVE = st.lists(st.sampled_from([b"a", b"ab", b"policy", b"\xff\x00", b"x" * 300]), max_size=300).map(b"".join)


@given(st.binary(max_size=2000) | REPETITIVE)
@example(b"")
@example(b"a" * 258)
@example(b"a" * 70000)
@example(bytes(range(256)) + b"\0" * 32768 + bytes(range(256)))
def test_what_is_deflated_inflates_to_itself(content: bytes) -> None:
    """Round trip through zlib, with every length, distance and literal that deflate knows."""
    assert zlib.decompress(deflated(content), wbits=-zlib.MAX_WBITS) == content


def test_a_repetition_just_out_of_reach_is_written_again() -> None:
    """Deflate looks back 32,768 bytes and no further; the bytes between are all different from the repeated ones."""
    for between in (32765, 32766, 32767, 32768, 32769):
        content = b"abc" + b"x" * (between - 3) + b"abc"
        assert zlib.decompress(deflated(content), wbits=-zlib.MAX_WBITS) == content


def test_the_stream_is_the_same_everywhere() -> None:
    """A recorded stream: whoever changes the encoder changes every zip's name, and shall know it."""
    text = b"".join(b"statement %d of %d; " % (n, n * n) for n in range(3000))
    stream = deflated(text)
    assert sha256(stream).hexdigest() == "76612c4f8e5a9f48aad0c8fb19acb0ca7a33d111776736cb6f6fc0db662b00ff"
    assert len(stream) < len(text) / 2
