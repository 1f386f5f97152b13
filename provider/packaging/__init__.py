"""Packaging: reproducible zips for the two Lambda functions, and their release to the artifact bucket.

It takes the other parts of the package as files; it imports none of them.
"""

from provider.packaging.artifact import Architecture, Artifact, Kind
from provider.packaging.errors import PackagingError
from provider.packaging.zips import build

__all__ = ["Architecture", "Artifact", "Kind", "PackagingError", "build"]
