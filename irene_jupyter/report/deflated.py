"""Long texts of JSON in a notebook, deflated: alike nodes take a twentieth of their room.

The form is "zlib:", the bytes of the text and ":", then base64. What says its size up front can
be refused before it is made. `labextension/src/tree/data/deflated.ts` reads it, too.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib

# Shorter ones can be read, searched and compared in the file.
PLAIN_UP_TO = 16_384  # characters
_FORM = re.compile(r"zlib:([0-9]{1,9}):")


def deflated(text: str) -> str:
    """`text`, in fewer characters where it is long."""
    if len(text) <= PLAIN_UP_TO:
        return text
    data = text.encode()
    return f"zlib:{len(data)}:" + base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def inflated(text: str, most: int) -> str:
    """What `deflated` was given. Raises `ValueError`: damaged, or more than `most` bytes."""
    form = _FORM.match(text)
    size = int(form[1]) if form else len(text)
    if size > most:
        raise ValueError(f"it has more than {most // 2**20} MiB")
    if form is None:
        return text
    try:
        packed = base64.b64decode(text[form.end() :], validate=True)
        data = zlib.decompressobj().decompress(packed, size + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ValueError(f"what is deflated in it is damaged ({error})") from None
    if len(data) != size:
        raise ValueError("what is deflated in it is damaged (another size)")
    return data.decode()
