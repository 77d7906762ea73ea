"""The folders that a function sees: ``/opt`` with its layers merged, and Lambda's runtime.

Functions run without this interpreter's site-packages. They see their own code, their layers and
the packages of Lambda's Python runtime only, so a dependency that the layer lacks is missing here
too.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Final

RUNTIME_PACKAGES: Final = (
    "awslambdaric",
    "runtime_client",
    "simplejson",
    "snapshot_restore_py",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
)
"""The runtime client and what it imports, then the AWS SDK and what it imports."""


class BuildMissing(Exception):
    """There is no built template at the given path."""


class PackageMissing(Exception):
    """A package of Lambda's runtime is not installed in the sandbox's environment."""


def snapshot(template: Path, folder: Path) -> Path:
    """Copy a build into a new folder, so that a later build does not change what runs.

    Returns the path of the template in that folder. Raises BuildMissing, and OSError if the disk
    is full.
    """
    if not template.is_file():
        raise BuildMissing(f"{template} is not there; build it first: make native")
    for source, _, names in os.walk(template.parent, followlinks=True):
        target = folder / Path(source).relative_to(template.parent)
        target.mkdir()
        for name in names:
            _link_or_copy(f"{source}/{name}", target / name)
    return folder / template.name


def _link_or_copy(source: str, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # the folders are on different file systems
        shutil.copy2(source, target)


def merge_layers(layers: tuple[Path, ...], opt: Path) -> Path:
    """Make a folder with the contents of the layers; a later layer overrides an earlier one."""
    opt.mkdir()
    for layer in layers:
        _overlay(layer.resolve(strict=True), opt)
    return opt


def _overlay(source: Path, target: Path) -> None:
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            if place.is_symlink():
                earlier = place.resolve()
                place.unlink()
                place.mkdir()
                _overlay(earlier, place)
            _overlay(entry, place)
        else:
            place.unlink(missing_ok=True)
            place.symlink_to(entry)


def runtime_folder(folder: Path) -> Path:
    """Make a folder with the packages of Lambda's runtime. Raises PackageMissing."""
    folder.mkdir()
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise PackageMissing(f"{name} is not installed; make sets it up")
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder
