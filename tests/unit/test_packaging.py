"""What a user gets by installing parkgap, and what the parts may import of each other."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "parkgap"
MODULES = sorted(SOURCE.rglob("*.py"))
WINGS = ("sources", "access", "assess", "publish")
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")
HEAVY = ("pandas", "geopandas", "shapely", "folium", "scipy", "osmium", "pyogrio", "osmnx")


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    """The ``[project]`` table."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["project"])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and unpacked far from the checkout."""
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", built], cwd=ROOT, check=True, capture_output=True)
    target = tmp_path_factory.mktemp("site")
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run_installed(installed: Path, cwd: Path, code: str, *arguments: str) -> str:
    """Run Python with the unpacked wheel in front of whatever else is installed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imports(module: Path) -> Iterator[str]:
    """Dotted names that a module imports, anywhere in it, ``from a import b`` as a.b."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pins(lock: str) -> dict[str, set[str]]:
    """Versions that a lock file pins, by package; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    text = (ROOT / lock).read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", text, flags=re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def canonical(name: str) -> str:
    """Spell a distribution's name as the lock files do (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_wheel_carries_every_file_of_the_package(installed: Path) -> None:
    expected = {
        p.relative_to(SOURCE)
        for p in SOURCE.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert {Path("py.typed"), Path("publish/text/zh.toml")} <= expected
    packed = {p.relative_to(installed / "parkgap") for p in (installed / "parkgap").rglob("*")}
    assert expected <= packed


def test_wheel_carries_the_embedded_study_byte_for_byte(installed: Path) -> None:
    there = ROOT / "data" / "neubrandenburg"
    names = {
        p.relative_to(there)
        for p in there.rglob("*")
        if p.is_file() and not {"__pycache__", ".parkgap"} & set(p.parts)
    }
    assert Path("study.toml") in names
    for name in names:
        packed = installed / "parkgap" / "data" / "neubrandenburg" / name
        assert packed.read_bytes() == (there / name).read_bytes(), name


def test_wheel_carries_licence_and_data_notice(installed: Path) -> None:
    (info,) = installed.glob("parkgap-*.dist-info")
    assert "MIT License" in (info / "licenses" / "LICENSE").read_text(encoding="utf-8")
    assert "ODbL" in (info / "licenses" / "NOTICE.md").read_text(encoding="utf-8")
    entry = (info / "entry_points.txt").read_text(encoding="utf-8")
    assert "parkgap = parkgap.cli:main" in entry


def test_demo_works_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    code = (
        "import sys, parkgap; from parkgap.cli import main; "
        "print(parkgap.__file__, file=sys.stderr); sys.argv[0] = 'parkgap'; sys.exit(main())"
    )
    run_installed(installed, tmp_path, code, "demo", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "ranking.csv").stat().st_size > 0
    # The unpacked wheel itself was used, and nothing was written into it.
    where = run_installed(installed, tmp_path, "import parkgap; print(parkgap.__file__)")
    assert Path(where.strip()).is_relative_to(installed)
    assert not list(installed.rglob(".parkgap"))


def test_help_loads_no_heavy_library(installed: Path, tmp_path: Path) -> None:
    code = (
        "import sys, parkgap.cli, parkgap.study, parkgap.standard; "
        f"print(sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    assert run_installed(installed, tmp_path, code).strip() == "[]"


def test_declared_dependencies_are_those_imported(project: dict[str, object]) -> None:
    declared = {
        canonical(re.split(r"[^A-Za-z0-9._-]", str(line))[0])
        for line in project["dependencies"]  # type: ignore[attr-defined]
    }
    owner = packages_distributions()
    used = set()
    for module in MODULES:
        for name in imports(module):
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top != "parkgap":
                used.add(canonical(owner[top][0]))
    # pydantic asks for one version of its core, and documents errors to be raised from there.
    assert used - {"pydantic-core"} == declared


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_by_hash_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "#" not in text  # comments would hold the paths of the machine that made the file
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_other_locks_pin_what_users_get(lock: str) -> None:
    more = pins(lock)
    for name, versions in pins("requirements.lock").items():
        assert more[name] == versions, name


def test_lock_covers_the_declared_dependencies(project: dict[str, object]) -> None:
    locked = pins("requirements.lock")
    for line in project["dependencies"]:  # type: ignore[attr-defined]
        assert canonical(re.split(r"[^A-Za-z0-9._-]", str(line))[0]) in locked, line


@pytest.mark.parametrize("wing", WINGS)
def test_no_wing_imports_another_or_what_stands_above_it(wing: str) -> None:
    above = [f"parkgap.{name}" for name in (*WINGS, "pipeline", "cli", "store") if name != wing]
    modules = sorted((SOURCE / wing).rglob("*.py"))
    assert modules
    for module in modules:
        for name in imports(module):
            reached = [a for a in above if name == a or name.startswith(f"{a}.")]
            assert not reached, f"{module.relative_to(SOURCE)} imports {name}"


def test_contracts_import_nothing_above_them() -> None:
    for module in ("errors", "frames", "geo", "study", "standard"):
        found = [n for n in imports(SOURCE / f"{module}.py") if n.startswith("parkgap")]
        for name in found:
            part = name.split(".")[1] if "." in name else ""
            assert part not in {*WINGS, "pipeline", "cli"}, f"{module} imports {name}"
