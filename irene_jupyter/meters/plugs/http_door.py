"""The one door to HTTP: a JSON document by GET, or an error that says what is in the way.

The standard library will do for that, and needs no further package. Proxies of the environment are
left aside, since plugs are in the house; redirects are not followed, since they would carry a
token to another host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

from irene_jupyter.meters.errors import (
    PlugAccessError,
    PlugAddressError,
    PlugAnswerError,
    PlugSilentError,
)
from irene_jupyter.meters.plugs.json_path import document_of

TIMEOUT_SECONDS = 3.0  # a plug that needs longer has lost its Wi-Fi
_MOST_BYTES = 1 << 20  # the longest answer, a Shelly's whole status, has some kilobytes
_TOO_MANY_REQUESTS = 429


def fetch_json(url: str, headers: Mapping[str, str] | None = None) -> Any:
    """The document at `url`. NaN and Infinity are no JSON.

    Raises `PlugSilentError` for what may pass (no answer, a server's own errors), `PlugAccessError`
    where a password is asked for, `PlugAddressError` where nothing of that name is, and
    `PlugAnswerError` for an answer that is no JSON.
    """
    request = Request(url, headers={"Accept": "application/json", **(headers or {})})
    try:
        with _opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
            body = answer.read(_MOST_BYTES)
    except HTTPError as error:
        with error:
            raise _by_status(url, error.code) from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise PlugSilentError(
            f"{shown(url)} does not answer ({reason or type(error).__name__}): is it on, is its "
            "address right, and is it in the same network?"
        ) from error
    try:
        return document_of(body)
    except ValueError as error:
        raise PlugAnswerError(
            f"{shown(url)} answers, but not with JSON ({body[:40]!r} …): it is no plug of this "
            "kind, or the address is that of its page for people"
        ) from error


def checked_url(
    text: str, default_port: int | None = None, schemes: Sequence[str] = ("http", "https")
) -> str:
    """`text` as an address with its scheme and no slash at its end. Raises `PlugAddressError`.

    An address with a user's name and password is refused: it would stand in profiles.
    """
    url = text if "://" in text else f"{schemes[0]}://{text}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise PlugAddressError(f"{text!r} is no address ({error})") from error
    if parts.scheme not in schemes or not parts.hostname or " " in text:
        raise PlugAddressError(f"{text!r} is no address: take a name or number such as 192.168.1.5")
    if parts.username is not None:
        raise PlugAddressError(
            f"{parts.hostname}: leave user and password out of the address, which stands in "
            "profiles and in the shell's history"
        )
    if port is None and default_port is not None and parts.scheme == schemes[0]:
        url = url.replace(parts.netloc, f"{parts.netloc}:{default_port}", 1)
    return url.rstrip("/")


def shown(url: str) -> str:
    """The address for people and profiles: without its query, which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _by_status(
    url: str, status: int
) -> PlugSilentError | PlugAccessError | PlugAddressError | PlugAnswerError:
    where = shown(url)
    if status in (401, 403):
        return PlugAccessError(f"{where} asks for a password or token (HTTP {status})")
    if status in (404, 405, 501):
        return PlugAddressError(
            f"{where}: nothing of this name is there (HTTP {status}). Another kind or generation "
            "of plug has another address: shelly:HOST and tasmota:HOST find theirs"
        )
    if status >= 500 or status == _TOO_MANY_REQUESTS:
        return PlugSilentError(f"{where} is too busy to answer (HTTP {status}): who else asks it?")
    if 300 <= status < 400:
        return PlugAnswerError(
            f"{where} sends its readers elsewhere (HTTP {status}): give that address, with https "
            "if it wants that"
        )
    return PlugAnswerError(f"{where} refuses (HTTP {status})")


def _opener() -> OpenerDirector:
    """Without handlers for files, proxies and redirects."""
    opener = OpenerDirector()
    for handler in (HTTPHandler, HTTPSHandler, HTTPErrorProcessor, HTTPDefaultErrorHandler):
        opener.add_handler(handler())
    return opener
