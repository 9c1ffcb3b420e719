"""Old formats turned into ones that are read here, by LibreOffice where the machine has it.

It is far larger than any reader, so it is asked only for what nothing else reads, one file at a time, in a session of
its own with limits on memory and time, with a fresh profile that forbids macros and fetching anything, and without this
process's settings.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TARGETS: Mapping[str, str] = {
    "doc": "docx",
    "rtf": "docx",
    "word_xml": "docx",
    "odt": "docx",
    "xls": "xlsx",
    "ods": "xlsx",
}
"""format as ``sniffing`` names it → format that it is turned into"""

PROGRAMS = ("soffice", "libreoffice")
USUAL_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
)

MEMORY_BYTES = 4 * 1024**3
"""of addresses; the program itself takes 1.5 GiB of them before it has opened anything"""
RESULT_BYTES = 200_000_000
"""of a file that it writes"""

SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
<item oor:path="/org.openoffice.Inet/Settings">
<prop oor:name="ooInetProxyType" oor:op="fuse"><value>2</value></prop>
<prop oor:name="ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPProxyPort" oor:op="fuse"><value>9</value></prop>
<prop oor:name="ooInetHTTPSProxyName" oor:op="fuse"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPSProxyPort" oor:op="fuse"><value>9</value></prop>
</item>
</oor:items>
"""
"""no macros, no links to other places, and a proxy where nobody listens"""

_one_at_a_time = threading.Lock()


def find_office() -> str | None:
    """The program that converts, if the machine has it."""
    found = (shutil.which(name) for name in PROGRAMS)
    return next(filter(None, found), None) or next((place for place in USUAL_PLACES if Path(place).exists()), None)


def convert(data: bytes, file_format: str, *, seconds: float) -> bytes | None:
    """The same document in the format of ``TARGETS``; ``None`` when LibreOffice is missing, fails or takes longer."""
    program = find_office()
    target = TARGETS.get(file_format)
    if program is None or target is None or not _one_at_a_time.acquire(timeout=seconds):
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="taskboard-office-", ignore_cleanup_errors=True) as folder:
            return _convert(program, data, Path(folder), target, seconds)
    finally:
        _one_at_a_time.release()


def _convert(program: str, data: bytes, folder: Path, target: str, seconds: float) -> bytes | None:
    # The name ends in .bin so that the content decides, as it does with every other reader.
    source, profile = folder / "document.bin", folder / "profile"
    source.write_bytes(data)
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
    office = [
        program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck",
        "--convert-to", target, "--outdir", str(folder / "result"), str(source),
    ]  # fmt: skip
    if not _run([sys.executable, "-P", "-m", __name__, str(max(1, round(seconds))), *office], folder, seconds):
        return None
    result = folder / "result" / f"document.{target}"
    return result.read_bytes() if result.is_file() else None


def _run(command: Sequence[str], folder: Path, seconds: float) -> bool:
    """Whether the command ended by itself, and well; whatever it started ends with it."""
    package = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": package},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout=seconds) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main(arguments: Sequence[str]) -> None:
    """Become the command, within limits: seconds of processor time first, then the command's words."""
    seconds, *command = arguments
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - exists on Unix only

        limits = (
            (resource.RLIMIT_CPU, int(seconds)),
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, RESULT_BYTES),
            (resource.RLIMIT_CORE, 0),
        )
        for kind, value in limits:
            _, ceiling = resource.getrlimit(kind)
            allowed = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
            resource.setrlimit(kind, (allowed, allowed))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
