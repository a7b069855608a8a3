"""The built wheel carries all that the service needs and no more, and works far from the checkout."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
WRITTEN_ON = "2026-11-02T12:00:00Z"  # the day that the sample patients take as today
COMMANDS = ("serve", "demo", "assess", "check", "load", "db")
STRAYS = (
    "cards/card.md~",
    "cards/.card.md.swp",
    "cards/draft.docx",
    "fhir_fixtures/export.ndjson",
    "fhir_fixtures/ward/patient.json",
    "cds_service/.env",
    "cds_service/key.pem",
    "cds_service/__pycache__/cli.cpython-311.pyc",
    "cds_service/value_sets/codes.csv",
    "cds_service/value_sets/old/pain.json",
)


def sources() -> set[str]:
    """Paths of the project's files: those that git tracks; where git has no list, those of the tree."""
    git = shutil.which("git")
    if git:
        listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0 and listed.stdout:
            return set(listed.stdout.splitlines())
    suffixes = {".py", ".json", ".md", ".typed"}
    return {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.suffix in suffixes}


def sample_patients() -> dict[str, bytes]:
    """File name to bytes of each Bundle in fhir_fixtures/; what is told about them there is for readers."""
    files = {path.name: path.read_bytes() for path in (ROOT / "fhir_fixtures").glob("*.json")}
    return {name: content for name, content in files.items() if "resourceType" in json.loads(content)}


def expected_in_wheel() -> set[str]:
    """All of the package and the cards, and the sample patients without the texts about them."""
    patients = {f"fhir_fixtures/{name}" for name in sample_patients()} & sources()
    cards = {path for path in sources() if path.startswith("cards/")}
    package = {path for path in sources() if path.startswith("cds_service/")}
    return package | {f"cds_service/{path}" for path in cards | patients}


def build(project: Path, target: str, folder: Path) -> Path:
    """Build `target` (wheel or sdist) with the installed build backend: no isolation, so no network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    [built] = folder.iterdir()
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    """Path to bytes of each file in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def of_package(wheel: Path) -> set[str]:
    """Paths in a wheel, without its own record of itself."""
    return {name for name in contents(wheel) if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


def run(installed: Path, empty: Path, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `command` in an empty folder, with the installed wheel before all else that Python could import."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment["PYTHONPATH"] = str(installed)
    return subprocess.run(command, cwd=empty, env=environment, input=stdin, capture_output=True, text=True, check=False)


def test_wheel_carries_what_git_tracks_and_nothing_else(wheel: Path) -> None:
    """One too few: pyproject.toml does not match it. One too many: a stray, or it waits for `git add`."""
    assert of_package(wheel) == expected_in_wheel()


def test_wheel_carries_the_licence_and_the_notices_of_the_code_systems(wheel: Path) -> None:
    names = {name.split(".dist-info/")[1] for name in contents(wheel) if ".dist-info/licenses/" in name}
    assert names == {"licenses/LICENSE", "licenses/NOTICE"}


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, "sdist", tmp_path / "sdist")
    unpack = [sys.executable, "-m", "tarfile", "--extract", str(sdist), str(tmp_path / "unpacked")]
    subprocess.run(unpack, check=True, capture_output=True)
    [project] = (tmp_path / "unpacked").iterdir()
    assert contents(build(project, "wheel", tmp_path / "wheel")) == contents(wheel)


def test_stray_files_of_the_builder_stay_out(wheel: Path, tmp_path: Path) -> None:
    """Editors' copies, exports and settings of one machine, laid into the folders that the wheel carries."""
    project = tmp_path / "project"
    for path in sources():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, project / path)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copyfile(ROOT / name, project / name)
    for stray in STRAYS:
        (project / stray).parent.mkdir(parents=True, exist_ok=True)
        (project / stray).write_text("stray")
    assert of_package(build(project, "wheel", tmp_path / "wheel")) == of_package(wheel)


def test_installed_command_offers_every_sub_command(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, str(installed / "bin" / "cds-service"), "--help")
    assert done.returncode == 0, done.stderr
    assert [command for command in COMMANDS if command not in done.stdout] == []


def test_installed_wheel_checks_itself(installed: Path, tmp_path: Path) -> None:
    """Cards, value sets and settings are found and without fault, though the folder is empty."""
    check = "import sys, cds_service.cli as c; print(c.__file__, file=sys.stderr); c.app(['check'])"
    done = run(installed, tmp_path, sys.executable, "-c", check)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.splitlines()[0] == str(installed / "cds_service" / "cli" / "__init__.py")


def test_installed_wheel_makes_a_store(installed: Path, tmp_path: Path) -> None:
    """The migrations are in it."""
    done = run(installed, tmp_path, sys.executable, "-m", "cds_service", "db", "upgrade")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cds-service.db").stat().st_size > 0


def test_installed_wheel_carries_the_sample_patients(installed: Path) -> None:
    folder = installed / "cds_service" / "fhir_fixtures"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == sample_patients()
    assert len(sample_patients()) >= 20


def test_installed_wheel_assesses_a_sample_patient(installed: Path, tmp_path: Path) -> None:
    """From the standard input, in an empty folder, which has neither cards nor value sets."""
    chart = (installed / "cds_service" / "fhir_fixtures" / "acute-limb-ischaemia-left.json").read_text("utf-8")
    assess = (sys.executable, "-m", "cds_service", "assess", "-", "--json", "--as-of", WRITTEN_ON)
    done = run(installed, tmp_path, *assess, stdin=chart)
    assert done.returncode == 0, done.stderr
    assert [card["indicator"] for card in json.loads(done.stdout)["cards"]][:1] == ["critical"]


def pins(file: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Name to exact version and hashes, from a requirements file whose lines pip reads joined."""
    text = (ROOT / file).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        parsed = Requirement(requirement)
        found[parsed.name] = (str(parsed.specifier), frozenset(part.strip() for part in hashes))
    return found


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-test.txt"])
def test_requirements_are_exact_and_hashed_and_name_no_place(file: str) -> None:
    """No registry, no path of a machine: whoever installs chooses where from, the hashes say what."""
    for name, (version, hashes) in pins(file).items():
        assert version.startswith("=="), name
        assert hashes, name
        assert all(part.startswith("sha256:") for part in hashes), name
    text = (ROOT / file).read_text("utf-8")
    assert [mark for mark in ("://", "--index", "--extra", "--find", "/", "@") if mark in text] == []


def test_requirements_of_tests_hold_those_of_the_service() -> None:
    """So that one install gives the tests just what runs in production."""
    assert pins("requirements.txt").items() <= pins("requirements-test.txt").items()


def test_every_dependency_is_locked_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = pins("requirements.txt")
    for line in project["dependencies"]:
        wanted = Requirement(line)
        bounds = {specifier.operator for specifier in wanted.specifier}
        assert bounds == {">=", "<"}, line
        name = wanted.name.lower().replace(".", "-").replace("_", "-")
        assert wanted.specifier.contains(locked[name][0].removeprefix("==")), line
