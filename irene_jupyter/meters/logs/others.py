"""Rows of logs that are not ours: a time and a value, as the IrEne authors' and emonCMS write them.

All of these raise `ValueError` with what is wrong and what helps.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

# From here on a number without a point is no machine's watts: it is the authors' hundredths.
_NO_WATTS = 3000
_MILLISECONDS = 1e11  # since 1970: as seconds, the year 5138
_DIGIT = re.compile(r"\d")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def is_header(fields: list[str]) -> bool:
    """Whether a first row has words alone."""
    return len(fields) > 1 and not any(map(_DIGIT.search, fields))


def row_of(fields: list[str]) -> tuple[float, float, bytes]:
    """(realtime, monotonic, line), of which the last two are made of the first two.

    The value may itself have a comma: `power1,30123`. The authors' logger strips the line end.
    """
    if len(fields) < 2:
        between = next((sign for sign in ";\t" if sign in fields[0]), None)
        said = "" if between is None else f": there is {between!r} between them, not a comma"
        raise ValueError(f"expected timestamp,value{said}")
    realtime = time_of(fields[0])
    return realtime, realtime, ",".join(fields[1:]).encode("ascii") + b"\r\n"


def format_of(line: bytes) -> str | None:
    """What format a line that is a plain number has: "watts", or "irene" for hundredths of watts.

    None for a zero, which is the same in both; "auto" for other lines.
    """
    text = line.decode().strip()
    if not _PLAIN.fullmatch(text):
        return "auto"
    if "." in text or text.startswith("-"):
        return "watts"
    counts = int(text)
    if counts == 0:
        return None
    if counts < _NO_WATTS:
        raise ValueError(
            f"{text} may be {counts} W or {counts / 100} W: say which by --format watts, or by "
            "--format irene (hundredths of watts, as the IrEne authors' firmware writes them)"
        )
    return "irene"


def time_of(text: str) -> float:
    """Seconds since 1970, or a date and time with its zone (ISO 8601). Raises `ValueError`."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValueError(
                f"{text!r} is no time that is the same everywhere: export seconds since 1970 "
                "(unix time), or ISO 8601 with its zone"
            ) from None
        return moment.timestamp()
    if not math.isfinite(seconds):
        raise ValueError(f"{text!r} is no time")
    if seconds > _MILLISECONDS:
        raise ValueError(f"{text!r} are milliseconds, it seems: export seconds since 1970")
    return seconds
