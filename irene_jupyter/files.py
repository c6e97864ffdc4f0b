"""Files, read and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from irene_jupyter.errors import IreneError

# A tree of 100,000 nodes takes some 80 MB; more than this is no report.
MAX_BYTES = 256 * 2**20


def write_atomic(path: str | os.PathLike[str], data: bytes, error: type[IreneError]) -> Path:
    """Write `data` to `path` by way of a temporary file beside it; the absolute path.

    A reader sees the old file or the new one, never a half. Raises `error`, with the
    remedy, where the folder is missing or cannot be written.
    """
    try:
        target = Path(os.path.realpath(Path(path).expanduser()))
        if target.is_dir():
            raise error(f"{path} is a folder: add a file name")
        if not target.parent.is_dir():
            raise error(f"there is no folder {target.parent}: create it first")
        if target.exists() and not target.is_file():  # a device or a pipe must not be replaced
            target.write_bytes(data)
        else:
            _replace(target, data)
    except (OSError, ValueError, RuntimeError) as problem:  # RuntimeError: ~ of an unknown user
        reason = getattr(problem, "strerror", None) or problem
        raise error(
            f"cannot write {path} ({reason}): "
            "choose a folder that you may write to and that has space"
        ) from problem
    return target


def _replace(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".irene-{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def read_text(path: str | os.PathLike[str], error: type[IreneError]) -> str:
    """The UTF-8 text of a regular file of at most `MAX_BYTES`. Raises `error` otherwise."""
    try:
        source = Path(path).expanduser()
        found = source.stat()
        if not stat.S_ISREG(found.st_mode):
            raise error(f"{path} is not a file: give the path of a saved report")
        if found.st_size > MAX_BYTES:
            raise error(
                f"{path} is larger than {MAX_BYTES // 2**20} MiB and cannot be a saved report"
            )
        return source.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise error(
            f"there is no file {path}: check the path, or make one with report.save(path)"
        ) from None
    except UnicodeDecodeError:
        raise error(
            f"{path} is not UTF-8 text: save the report again with report.save(path)"
        ) from None
    except (OSError, ValueError, RuntimeError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"cannot read {path} ({reason}): check the path and its permissions") from None
