"""What is installed here, as reports and profiles note it."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType


@functools.cache  # a search through the packages' files, and they stay as they were imported
def versions() -> Mapping[str, str]:
    """The versions of Python, of this package, torch and transformers, as far as they are here."""
    found = {"python": platform.python_version()}
    for package in ("irene-jupyter", "torch", "transformers"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return MappingProxyType(found)
