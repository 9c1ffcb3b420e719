#!/usr/bin/env python3
"""Set this checkout up and work with it: ``python3 dev.py run``, ``test``, ``check``, ``deep``, ``setup``, ``lock``.

Standard library only. Above the version check stands no syntax, and below it nothing that an old Python cannot at
least parse, so that Python 3.6 says it is too old instead of showing a syntax error.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SUPPORTED = ((3, 11), (3, 12), (3, 13))

if sys.version_info[:2] not in SUPPORTED:
    sys.exit(
        "taskboard 需要 Python 3.11、3.12 或 3.13，请用其中一个运行，例如：python3.12 dev.py run\n"
        "taskboard needs Python 3.11, 3.12 or 3.13: start dev.py with one of them, such as python3.12 dev.py run\n"
        f"(现在 this is: {sys.executable}, Python {platform.python_version()})"
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "set-up.json"
RUN_LOCK = ROOT / "requirements.lock"
TOOLS_LOCK = ROOT / "requirements-dev.lock"
PYPROJECT = ROOT / "pyproject.toml"

# These hand what they do not know on to pytest or uv.
TAKES_MORE = ("test", "deep", "lock")

CHROMIUM_FROM_NPM = "@sparticuz/chromium@153.0.0"
NO_TESTS_COLLECTED = 5
SECONDS_BETWEEN_SIGNS = 5


def main() -> int:
    parser = command_line()
    options, rest = parser.parse_known_args()
    if rest and options.command not in TAKES_MORE:
        parser.error("unknown arguments: " + " ".join(rest))

    acts: dict[str, Callable[[], int]] = {
        "run": lambda: run(options.port),
        "test": lambda: test(rest),
        "deep": lambda: deep(rest),
        "check": lambda: check(with_tests=not options.no_tests),
        "setup": setup,
        "lock": lambda: lock(rest),
    }
    try:
        return acts[options.command]()
    except SetUpError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, run and test this checkout of taskboard.")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser
    add("run", help="start the demo: web server, scheduler, demo data and accounts").add_argument(
        "--port", type=int, default=8000, help="port on 127.0.0.1 (default: 8000)"
    )
    add("test", help="run the whole test suite; further arguments go to pytest")
    add("deep", help="run the tests that take minutes; further arguments go to pytest")
    add("check", help="format, lint, types, import contracts and the fast tests").add_argument(
        "--no-tests", action="store_true", help="leave the fast tests out"
    )
    add("setup", help="make .venv with everything for running and testing, and stop")
    add("lock", help="write both lock files anew from pyproject.toml with uv; further arguments go to uv")
    return parser


# Commands


def run(port: int) -> int:
    """Start the demo on this port of the loopback address; returns only when it stops."""
    set_up(with_tools=False)
    command = [str(PYTHON), "-m", "taskboard", "demo", "--port", str(port)]
    os.chdir(ROOT)
    if not WINDOWS:
        os.execv(command[0], command)
    return subprocess.call(command)


def test(arguments: Sequence[str]) -> int:
    """Run everything but the deep tests: the browser tests one by one, the others in two processes."""
    set_up(with_tools=True)
    find_or_install_browser()
    browser_tests = pytest("-m", "browser and not deep", *arguments)
    other_tests = pytest("-n", "2", "-m", "not browser and not deep", *arguments)
    return verdict({"browser tests": browser_tests, "all other tests": other_tests})


def deep(arguments: Sequence[str]) -> int:
    """Run the tests that take minutes."""
    set_up(with_tools=True)
    find_or_install_browser()
    return verdict({"deep tests": pytest("-m", "deep", *arguments)})


def check(*, with_tests: bool) -> int:
    """Run what should pass before each commit; every step runs even when an earlier one failed."""
    set_up(with_tools=True)
    results = {
        "format": python("-m", "ruff", "format", "--check", "."),
        "lint": python("-m", "ruff", "check", "."),
        "types": python("-m", "mypy"),
        "imports": call([str(PYTHON.parent / "lint-imports")]),
    }
    if with_tests:
        results["fast tests"] = pytest("-q", "-n", "2", "-m", "not browser and not deep")
    return verdict(results)


def setup() -> int:
    set_up(with_tools=True)
    return 0


def lock(arguments: Sequence[str]) -> int:
    """Write the lock files anew: one for running, one that adds the tools and agrees with the first."""
    uv = working_uv()
    if uv is None:
        raise SetUpError("uv is needed to write the lock files: python3 -m pip install uv")
    options = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
    ]
    compile_lock = [uv, "pip", "compile", PYPROJECT.name, *options, *arguments]
    return call([*compile_lock, "-o", RUN_LOCK.name]) or call(
        [*compile_lock, "--group", "dev", "-c", RUN_LOCK.name, "-o", TOOLS_LOCK.name]
    )


def pytest(*arguments: str) -> int:
    return python("-m", "pytest", *arguments)


def python(*arguments: str) -> int:
    return call([str(PYTHON), *arguments])


def call(command: Sequence[str]) -> int:
    return subprocess.call(command, cwd=ROOT)


def verdict(results: dict[str, int]) -> int:
    """Say how each step ended; 0 when none failed and at least one had something to do."""
    words = {0: "ok", NO_TESTS_COLLECTED: "nothing to run"}
    for step, code in results.items():
        say(f"{step}: {words.get(code, 'FAILED')}")
    failures = [code for code in results.values() if code not in words]
    if failures:
        return failures[0]
    return min(results.values())


# Set-up


class SetUpError(Exception):
    """What stands in the way of a set-up, said so that a person can remove it."""


class Installer(NamedTuple):
    """How to make a virtual environment in a folder, and how to install into it."""

    name: str
    make_venv: Sequence[str]
    install: Sequence[str]


def set_up(*, with_tools: bool) -> None:
    """Bring ``.venv`` in step with the lock files, and leave it alone when it already is.

    The stamp is written last. An environment without one was left half made, and one of another Python or another
    folder cannot be mended (its scripts name both): those are made anew. Otherwise what changed is installed on top.
    """
    with one_set_up_at_a_time():
        found = read_stamp()
        place = {"folder": str(ROOT), "python": sys.version}
        reusable = found is not None and {key: found.get(key) for key in place} == place and PYTHON.exists()
        # Whoever tested once keeps the tools: `run` after `test` must not take them away.
        with_tools = with_tools or bool(reusable and found and found["tools"])
        wanted = {**place, "tools": with_tools, "inputs": digest_of_inputs(with_tools=with_tools)}
        if reusable and found == wanted:
            return

        started = time.monotonic()
        installer = find_installer(VENV)
        if reusable:
            STAMP.unlink()
        else:
            make_venv(installer)
        install_packages(installer, with_tools=with_tools)
        STAMP.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
        say(f"环境就绪 ready after {time.monotonic() - started:.0f} s")


def make_venv(installer: Installer) -> None:
    say(f"正在建立虚拟环境 making .venv ({installer.name}, Python {platform.python_version()}) …")
    if VENV.exists():
        shutil.rmtree(VENV)
    execute(installer.make_venv)


def install_packages(installer: Installer, *, with_tools: bool) -> None:
    lock_file = TOOLS_LOCK if with_tools else RUN_LOCK
    count = lock_file.read_text(encoding="utf-8").count("==")
    say(f"正在安装 installing up to {count} packages of {lock_file.name} …")
    execute([*installer.install, "--require-hashes", "-r", str(lock_file)])
    if with_tools:
        execute([*installer.install, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    else:
        # The build backend is a tool. Running needs only the folder on the path.
        (packages_folder() / "taskboard-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def packages_folder() -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.check_output([str(PYTHON), "-c", code], text=True).strip())


def read_stamp() -> dict[str, object] | None:
    try:
        stamp: object = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def digest_of_inputs(*, with_tools: bool) -> str:
    digest = hashlib.sha256()
    for path in (RUN_LOCK, PYPROJECT, *([TOOLS_LOCK] if with_tools else [])):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def find_installer(venv: Path) -> Installer:
    """uv where it works, else pip inside the new environment, else this Python's own pip from outside."""
    # Started from inside a virtual environment, the new one must not depend on it: it may be the one to replace.
    base_python = getattr(sys, "_base_executable", None) or sys.executable
    inner_python = str(venv / PYTHON.relative_to(VENV))
    quiet_pip = ["-qq", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]

    uv = working_uv()
    if uv is not None:
        return Installer(
            name="uv",
            make_venv=[uv, "venv", "--quiet", "--no-project", "--python", base_python, str(venv)],
            # pip compiles what it installs, uv only when asked; without it each start pays for compiling.
            install=[uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", inner_python],
        )
    if importlib.util.find_spec("ensurepip") is not None:
        return Installer(
            name="pip",
            make_venv=[base_python, "-m", "venv", str(venv)],
            install=[inner_python, "-m", "pip", "install", *quiet_pip],
        )
    # Debian keeps ensurepip in a package of its own; its pip can install into an environment that has none.
    if answers([base_python, "-m", "pip", "--python", base_python, "--version"]):
        return Installer(
            name="pip from outside",
            make_venv=[base_python, "-m", "venv", "--without-pip", str(venv)],
            install=[base_python, "-m", "pip", "--python", inner_python, "install", *quiet_pip],
        )
    raise SetUpError(
        "缺少安装工具：请先安装 python3-venv（例如 apt install python3-venv），再运行一次。\n"
        "Nothing here can install packages: install python3-venv (apt install python3-venv), then try again."
    )


def working_uv() -> str | None:
    uv = shutil.which("uv")
    # A version manager may put a stub on the path that only says uv belongs to another Python.
    return uv if uv is not None and answers([uv, "--version"]) else None


def answers(command: Sequence[str]) -> bool:
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT) == 0


def execute(command: Sequence[str]) -> None:
    """Run a step of the set-up, with a sign of life every few seconds; what it has to complain about is shown."""
    started = time.monotonic()
    try:
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr) as process:
            code = wait_a_little(process)
            while code is None:
                say(f"  … {time.monotonic() - started:.0f} s")
                code = wait_a_little(process)
    except OSError as error:
        raise SetUpError(f"无法启动 cannot start {command[0]}: {error}") from error
    if code != 0:
        raise SetUpError(
            "安装未完成，再次运行同一命令会重新安装。\n"
            f"Set-up stopped; the same command starts it again. What failed: {shlex.join(command)}"
        )


def wait_a_little(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=SECONDS_BETWEEN_SIGNS)
    except subprocess.TimeoutExpired:
        return None


@contextlib.contextmanager
def one_set_up_at_a_time() -> Iterator[None]:
    """Wait for a set-up of this folder in another process to end (where the system can lock a folder)."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("等待另一个安装结束 waiting for another set-up of this folder …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


# A browser for the browser tests


def find_or_install_browser() -> None:
    """Install Chromium, and a Chinese font for its pictures, by the first way that works here.

    Where none works nothing is raised: the browser tests themselves skip, or fail under CI, and say why.
    """
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        install_from_debian()
    if has_browser():
        return
    say("正在安装浏览器 installing Chromium through playwright …")
    subprocess.call(
        [str(PYTHON), "-m", "playwright", "install", "chromium"], stdin=subprocess.DEVNULL, stdout=sys.stderr
    )
    if has_browser():
        return
    if shutil.which("npm") and shutil.which("node") and sys.platform == "linux":
        install_from_npm()
    if not has_browser():
        say("没有可用的浏览器 no Chromium could be installed: set TASKBOARD_CHROMIUM to the path of one")


def has_browser() -> bool:
    return answers([str(PYTHON), "-m", "tests.support.browser"])


def install_from_debian() -> None:
    missing = [] if has_browser() else ["chromium"]
    if not has_chinese_font():
        missing.append("fonts-noto-cjk")
    if not missing:
        return
    say(f"正在安装 installing {' and '.join(missing)} …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
        subprocess.call(["apt-get", *arguments], env=quiet, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.check_output(["fc-list", ":lang=zh-cn"]).strip())


def install_from_npm() -> None:
    """Unpack the Chromium inside an npm package into ``.venv/chromium``, with the libraries it comes with."""
    folder = VENV / "chromium"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    say(f"正在安装 installing {CHROMIUM_FROM_NPM} from npm …")
    # The package unpacks into the folder for temporary files, its libraries only where VERCEL is set.
    surroundings = {**os.environ, "TMPDIR": str(folder), "VERCEL": "1"}
    unpack = "const {default: chromium} = await import('@sparticuz/chromium'); await chromium.executablePath()"
    for command in (
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), CHROMIUM_FROM_NPM],
        ["node", "--input-type=module", "--eval", unpack],
    ):
        if subprocess.call(command, cwd=folder, env=surroundings, stdin=subprocess.DEVNULL, stdout=sys.stderr):
            return
    starter = folder / "start"
    starter.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{folder}/al2023/lib" exec "{folder}/chromium" "$@"\n')
    starter.chmod(0o755)


def say(text: str) -> None:
    """Write to standard error, which shows Chinese where it can and escapes it where it cannot."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
