"""What of the program itself a result depends on: its code, and the versions of its libraries."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import parkgap

_CODE = (".py", ".toml", ".yaml", ".json", ".js", ".css", ".md")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """SHA-256 of the package's files and of the versions of Python and the libraries.

    A stage's result is used again only under the same fingerprint: no version number that
    somebody forgot to raise can bring back what a mended stage would not have made.
    """
    sha = hashlib.sha256()
    for name, version in versions().items():
        sha.update(f"{name} {version}\n".encode())
    folder = Path(parkgap.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in _CODE and "data" not in path.relative_to(folder).parts:
            sha.update(path.relative_to(folder).as_posix().encode() + b"\0")
            sha.update(hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that parkgap declares, by name."""
    found = {"python": platform.python_version(), "platform": sys.platform}
    try:
        required = metadata.requires("parkgap") or []
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        required = []
    for line in required:
        match = _NAME.match(line)
        if match is None or "extra ==" in line:
            continue
        try:
            found[match[0].lower()] = metadata.version(match[0])
        except metadata.PackageNotFoundError:
            continue
    return dict(sorted(found.items()))
