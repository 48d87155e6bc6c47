"""Make build/package: the SAM template and the zip that every function runs.

`chalice package` writes the template from app.py and puts the app and its own runtime in a zip. The libraries come from pip, for
Lambda's platform whatever the builder's is, pruned of what never runs, with bytecode beside them because Lambda's disk is read-only
and would compile every module at each cold start. The zip has fixed dates and order: the same inputs give the same bytes.
Nothing is done twice: libraries are kept by their requirements, the package by all its inputs.
"""

import argparse
import compileall
import fcntl
import functools
import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer

ROOT = Path(__file__).resolve().parent.parent
STAGE = "packaged"
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
RUNTIMES = ("python3.11", "python3.12", "python3.13")

UNZIPPED_BUDGET_MB = 220
ZIP_BUDGET_MB = 75
MB = 1024 * 1024

# Lambda's images from Python 3.12 on have glibc 2.34, python3.11 has 2.26: newer wheels than manylinux_2_26 would not load there.
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_24_x86_64", "manylinux_2_26_x86_64")
PLATFORMS_AL2023 = ("manylinux_2_27_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64")

# botocore carries the API of every AWS service; the functions call these.
BOTOCORE_SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs", "sts")
# Apprise carries two hundred services; channels are of these (domain/channel.py).
APPRISE_PLUGINS = ("__init__.py", "base.py", "wecombot.py", "dingtalk.py", "feishu.py", "email")
# python-stdnum knows the numbers of a hundred countries.
STDNUM_PARTS = ("__init__.py", "exceptions.py", "util.py", "numdb.py", "cn")
# What libraries bring along and no function imports: firebase-admin two Google databases, pyHanko signatures in XML and trust lists of
# operating systems, reportlab charts and fonts. The check below imports what is left.
UNUSED = (
    *(
        "google/cloud/firestore",
        "google/cloud/firestore_v1",
        "google/cloud/firestore_admin_v1",
        "google/cloud/firestore_bundle",
    ),
    *("google/cloud/storage", "google/cloud/_storage_v2", "lxml", "oscrypto", "reportlab/graphics", "reportlab/fonts"),
)
# pyHanko imports an HTTP client that it calls only for time stamps and revocation lists: it may be a slow one, without compiled parts.
WITHOUT_BINARIES = ("aiohttp", "multidict", "yarl", "propcache", "frozenlist")
PRUNED_DIRS = ("__pycache__", "tests", "test", "examples", "bin")
PRUNED_SUFFIXES = (".pyi", ".pyx", ".pxd", ".c", ".h", ".pyc")
PRUNED_DIST_INFO = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json")
# What pruning must never break. Each line is tried in the pruned package, alone, before it is zipped.
MUST_IMPORT = (
    "import boto3; [boto3.client(name, region_name='us-east-1') for name in {services!r}]",
    "import firebase_admin.messaging, grpc, google.auth",
    "import PIL.Image, PIL.ExifTags, pillow_heif; pillow_heif.register_heif_opener()",
    "import numpy, numpy.linalg; numpy.linalg.svd(numpy.eye(3))",
    "import jwt, cryptography.hazmat.primitives.asymmetric.ed25519, cryptography.x509",
    "import pydantic, pynamodb.models, yaml, stdnum.cn.uscc; assert stdnum.cn.uscc.calc_check_digit('91330400MA2DEM001')",
    "import apprise; assert all(map(apprise.Apprise.instantiate, ('wecombot://key', 'dingtalk://key', 'feishu://key', 'mailtos://u:p@h.cn')))",
    "import reportlab.platypus, reportlab.pdfbase.ttfonts, reportlab.pdfgen.canvas",
    "import pyhanko.sign.signers, pyhanko.sign.fields, pyhanko.pdf_utils.incremental_writer; pyhanko.sign.signers.SimpleSigner",
    "import aws_lambda_powertools, aws_lambda_powertools.metrics, aws_lambda_powertools.utilities.batch",
)

FIXED_DATE = (2020, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """The package cannot be made as it must be; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package and what it weighs."""

    directory: Path
    zip_bytes: int
    unzipped_bytes: int
    built: bool

    @property
    def template(self) -> Path:
        return self.directory / "sam.json"

    @property
    def zip(self) -> Path:
        return self.directory / "deployment.zip"


def build(root: Path = ROOT) -> Package:
    """Make the package of `root`, or find that it is there already."""
    require_runtime()
    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / "package.lock").open("w") as lock:
        # A demo and a test may ask for the package at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build_alone(root)


def build_alone(root: Path) -> Package:
    target = root / "build" / "package"
    inputs = digest(root, input_files(root), RUNTIME)
    if not is_current(target, inputs):
        libraries = library_zip(root)
        work = fresh(root / "build" / "package.tmp")
        stage_app(root, work / "app")
        template = chalice_package(root, work)
        (work / "sam.json").write_text(json.dumps(template, indent=2, sort_keys=True) + "\n")
        compose(work / "deployment.zip", libraries, work / "app", work / "chalice" / "deployment.zip")
        for leftover in ("app", "chalice"):
            shutil.rmtree(work / leftover)
        (work / "inputs.sha256").write_text(inputs)
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
        return weigh(target, built=True)
    return weigh(target, built=False)


def require_runtime() -> None:
    if RUNTIME not in RUNTIMES:
        raise PackageError(
            f"Lambda runs {', '.join(RUNTIMES)}; this is {RUNTIME}. Make the virtual environment with one of those: "
            f"rm -r .venv && make package PYTHON=python3.11"
        )


def input_files(root: Path) -> list[Path]:
    named = [root / name for name in ("app.py", "requirements.txt", ".chalice/config.json")]
    named += [root / "infra" / name for name in ("template.yaml", "functions.yaml", "package.py")]
    return [*named, *app_files(root / "chalicelib")]


def app_files(directory: Path) -> list[Path]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts and path.suffix != ".pyc")


def digest(root: Path, files: Iterable[Path], *words: str) -> str:
    """One digest of the files' names and bytes, and of the words."""
    found = hashlib.sha256("\0".join(words).encode())
    for path in files:
        found.update(f"\0{path.relative_to(root)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def is_current(target: Path, inputs: str) -> bool:
    marker = target / "inputs.sha256"
    return marker.is_file() and marker.read_text() == inputs and (target / "deployment.zip").is_file()


def fresh(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


# ---- libraries -------------------------------------------------------------------------------------------------------


def library_zip(root: Path) -> Path:
    """The libraries as a zip of their own, made once for each requirements.txt and runtime."""
    home = root / "build" / "package-libraries"
    key = digest(root, [root / "requirements.txt", root / "infra" / "package.py"], RUNTIME)[:16]
    made = home / f"{key}.zip"
    if not made.is_file():
        site = fresh(home) / "site-packages"
        install(root / "requirements.txt", site)
        prune(site)
        check_imports(site)
        compile_all(site)
        with zipfile.ZipFile(home / "unfinished.zip", "w") as archive:
            for path in tree(site):
                add(archive, path, path.relative_to(site).as_posix())
        (home / "unfinished.zip").rename(made)
        shutil.rmtree(site)
    return made


def install(requirements: Path, site: Path) -> None:
    """Install wheels for Lambda's platform. A library that has none is an error: there is no compiler for that platform here."""
    platforms = PLATFORMS if RUNTIME == "python3.11" else PLATFORMS + PLATFORMS_AL2023
    choice = [word for name in reversed(platforms) for word in ("--platform", name)]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--only-binary=:all:",
        "--implementation=cp",
    ]
    command += [
        f"--python-version={RUNTIME.removeprefix('python')}",
        f"--target={site}",
        "--requirement",
        str(requirements),
    ]
    # pip compares a --target with the environment it runs from and calls every difference a conflict; it is none.
    finished = subprocess.run([*command, *choice], capture_output=True, text=True, check=False)
    if finished.returncode:
        raise PackageError(f"pip could not install the libraries for {RUNTIME}:\n{finished.stdout}{finished.stderr}")


def prune(site: Path) -> None:
    for directory in sorted(site.rglob("*"), reverse=True):
        if directory.is_dir() and directory.name in PRUNED_DIRS:
            shutil.rmtree(directory)
    for path in tree(site):
        if path.suffix in PRUNED_SUFFIXES or (path.parent.suffix == ".dist-info" and path.name in PRUNED_DIST_INFO):
            path.unlink()
    for name in UNUSED:
        shutil.rmtree(site / name, ignore_errors=True)
    for binary in [path for name in WITHOUT_BINARIES for path in (site / name).rglob("*.so")]:
        binary.unlink()
    for service in (site / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in BOTOCORE_SERVICES:
            shutil.rmtree(service)
    keep_only(site / "apprise" / "plugins", APPRISE_PLUGINS)
    keep_only(site / "stdnum", STDNUM_PARTS)


def keep_only(directory: Path, names: Sequence[str]) -> None:
    for path in directory.iterdir():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def check_imports(site: Path) -> None:
    """Import what the functions need from the pruned directory alone (-S: not from the environment that builds)."""
    if not runs_here():
        return
    for line in MUST_IMPORT:
        program = f"import sys; sys.path.insert(0, {str(site)!r}); {line.format(services=BOTOCORE_SERVICES)}"
        command = [sys.executable, "-S", "-B", "-E", "-c", program]
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if finished.returncode:
            raise PackageError(f"The pruned package fails at `{line}`:\n{finished.stderr}")


def runs_here() -> bool:
    """Whether this machine can load Lambda's binaries."""
    return sys.platform == "linux" and os.uname().machine == "x86_64"


def compile_all(directory: Path) -> None:
    """Write bytecode that is never checked against its source: in the package neither ever changes."""
    compileall.compile_dir(
        directory,
        quiet=2,
        stripdir=str(directory),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=os.cpu_count() or 1,
    )


# ---- app and template ------------------------------------------------------------------------------------------------


def stage_app(root: Path, staged: Path) -> None:
    """Copy what chalice packages, and no requirements: chalice would look for their wheels itself, and knows fewer platforms."""
    (staged / ".chalice").mkdir(parents=True)
    shutil.copy(root / ".chalice" / "config.json", staged / ".chalice")
    shutil.copy(root / "app.py", staged)
    for path in app_files(root / "chalicelib"):
        copy = staged / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (staged / "requirements.txt").touch()


def chalice_package(root: Path, work: Path) -> dict[str, Any]:
    """Run `chalice package` with our two templates laid over its own. Returns the SAM template."""
    overlay = work / "app" / "overlay.json"
    overlay.write_text(json.dumps(merged_overlay(root)))
    command = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    command += ["--project-dir", str(work / "app"), "package", "--stage", STAGE, "--merge-template", str(overlay)]
    # app.py is imported here. It reads no setting at import, and a region is all that chalice itself asks for.
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(
        [*command, str(work / "chalice")], capture_output=True, text=True, check=False, env=environment
    )
    if finished.returncode:
        raise PackageError(f"chalice package failed:\n{finished.stdout}{finished.stderr}")
    template: dict[str, Any] = json.loads((work / "chalice" / "sam.json").read_text())
    refuse_broken_merge(template)
    return template


def merged_overlay(root: Path) -> dict[str, Any]:
    """template.yaml and functions.yaml as one, by chalice's own reader and merger."""
    loaded = [
        YAMLTemplateSerializer().load_template((root / "infra" / name).read_text(), name)
        for name in ("template.yaml", "functions.yaml")
    ]
    return functools.reduce(lambda under, over: TemplateDeepMerger().merge(over, under), loaded)


def refuse_broken_merge(template: dict[str, Any]) -> None:
    """Find what a merge does silently: two intrinsic functions in one map, and settings for a function that app.py has not."""
    for path, node in walk(template, "template"):
        intrinsics = [key for key in node if key == "Ref" or key.startswith("Fn::")]
        if intrinsics and len(node) > 1 and not path.endswith("Condition"):
            raise PackageError(
                f"{path} merged into {sorted(node)}: give app.py a placeholder ARN there, a plain string"
            )
    for name, resource in template["Resources"].items():
        if "Type" not in resource:
            raise PackageError(f"infra/functions.yaml sets {name}, which app.py does not define")
        for event, source in resource.get("Properties", {}).get("Events", {}).items():
            if "Type" not in source:
                raise PackageError(f"infra/functions.yaml sets {name}.{event}, which app.py does not define")


def walk(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from walk(value, f"{path}.{key}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from walk(value, f"{path}[{position}]")


# ---- zip -------------------------------------------------------------------------------------------------------------


def compose(target: Path, libraries: Path, app: Path, chalice_zip: Path) -> None:
    """The libraries' zip with the app and chalice's runtime behind it."""
    runtime = fresh(app.parent / "runtime")
    with zipfile.ZipFile(chalice_zip) as archive:
        archive.extractall(runtime)
    compile_all(runtime)
    shutil.copy(libraries, target)
    with zipfile.ZipFile(target, "a") as archive:
        taken = set(archive.namelist())
        for path in tree(runtime):
            name = path.relative_to(runtime).as_posix()
            if name in taken:
                raise PackageError(f"{name} is in the app and in a library: one would hide the other")
            add(archive, path, name)
    shutil.rmtree(runtime)


def tree(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, FIXED_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, path.read_bytes())


def weigh(target: Path, *, built: bool) -> Package:
    with zipfile.ZipFile(target / "deployment.zip") as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist())
    return Package(target, (target / "deployment.zip").stat().st_size, unzipped, built)


def over_budget(package: Package) -> list[str]:
    """The budgets that the package breaks, in words."""
    weights = (
        ("unzipped", package.unzipped_bytes, UNZIPPED_BUDGET_MB),
        ("zip", package.zip_bytes, ZIP_BUDGET_MB),
    )
    return [f"{name} is {size / MB:.1f} MB, over its {limit} MB" for name, size, limit in weights if size > limit * MB]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, default=ROOT, help="the project to package (default: this one)")
    options = parser.parse_args()
    try:
        package = build(options.root.resolve())
    except PackageError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    print(f"build/package: {'made' if package.built else 'up to date'}")
    print(f"unzipped {package.unzipped_bytes / MB:.1f} MB (budget {UNZIPPED_BUDGET_MB}), ", end="")
    print(f"zip {package.zip_bytes / MB:.1f} MB (budget {ZIP_BUDGET_MB})")
    for problem_text in over_budget(package):
        print(f"error: {problem_text}", file=sys.stderr)
    return 1 if over_budget(package) else 0


if __name__ == "__main__":
    sys.exit(main())
