"""Dependency hygiene: what is installed is what is pinned, and nothing names a host or a path."""

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Tools that an environment may carry beside the project's own tree.
FOREIGN = {"baqylau", "pip", "uv", "setuptools", "wheel"}
# Kept out on purpose (docs/decisions/0002): each would break a bare machine or cost a gigabyte.
BANNED = {"opencv-python", "opencv-contrib-python", "jax", "jaxlib", "sounddevice", "torch", "s3fs"}
HOSTS = re.compile(
    r"pypi\.org|pythonhosted|deb\.debian\.org|registry\.npmjs"  # package registries
    r"|(?:^|[\s\"'=(])/(?:root|home|work|tmp)/[\w.]",  # folders of some machine
    re.MULTILINE,
)


def pins() -> dict[str, str]:
    constraints = PROJECT["tool"]["uv"]["constraint-dependencies"]
    exact = (Requirement(line) for line in constraints if "==" in line)
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in exact}


def installed() -> dict[str, metadata.Distribution]:
    found = {canonicalize_name(dist.metadata["Name"]): dist for dist in metadata.distributions()}
    return {name: dist for name, dist in found.items() if name not in FOREIGN}


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name]


def test_every_installed_package_is_pinned_and_equal_to_its_pin() -> None:
    expected = pins()
    versions = {name: dist.version for name, dist in installed().items()}
    assert {n: v for n, v in versions.items() if expected.get(n) != v} == {}


def test_every_package_admits_the_pythons_that_the_project_names() -> None:
    """The resolver overlooks upper bounds of Requires-Python; pip refuses such a package."""
    refusing = {
        name: bounds
        for name, dist in installed().items()
        if (bounds := dist.metadata.get("Requires-Python"))
        and not all(SpecifierSet(bounds).contains(version) for version in ("3.11.2", "3.12.0"))
    }
    assert refusing == {}


def test_packages_that_break_a_bare_machine_are_absent() -> None:
    assert BANNED.isdisjoint(installed())


def test_every_runtime_requirement_is_in_requirements_txt_with_its_pin_and_a_hash() -> None:
    exported = (ROOT / "requirements.txt").read_text()
    entries = dict(re.findall(r"^([\w.-]+)==([^ ]+).*\\\n +--hash=sha256:", exported, re.MULTILINE))
    expected = pins()
    assert {name: expected[name] for name in entries} == entries
    for line in PROJECT["project"]["dependencies"]:
        assert canonicalize_name(Requirement(line).name) in entries


def test_every_runtime_package_names_a_licence() -> None:
    exported = (ROOT / "requirements.txt").read_text()
    names = set(re.findall(r"^([\w.-]+)==", exported, re.MULTILINE))
    silent = {
        name
        for name, dist in installed().items()
        if name in names
        and not dist.metadata.get("License-Expression")
        and not dist.metadata.get("License")
        and not any("License ::" in value for value in dist.metadata.get_all("Classifier", []))
    }
    assert silent == set()


def test_no_tracked_file_names_a_registry_host_or_a_folder_of_some_machine() -> None:
    offenders = []
    for path in tracked():
        if path.suffix in {".ttf", ".png", ".onnx", ".woff2"} or path == Path(__file__):
            continue
        if path.is_file() and HOSTS.search(path.read_text(errors="replace")):
            offenders.append(path.relative_to(ROOT).as_posix())
    assert offenders == []


def test_the_lock_file_is_not_tracked() -> None:
    assert ROOT / "uv.lock" not in tracked()
