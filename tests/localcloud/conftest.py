"""What many tests of this folder need in the local cloud."""

from made_functions import invoke, make_function, zipped

__all__ = ["invoke", "make_function", "zipped"]
