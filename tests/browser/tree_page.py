"""What a reader sees of a drawn tree: helpers of the browser tests."""

from __future__ import annotations

import time
from typing import Any


def wait_until(page: Any, expression: str, seconds: float = 15.0) -> None:
    """Ask from here until `expression` is true.

    `page.wait_for_function` asks within the page, by an `eval` that a strict policy allows once
    only: it fails where the first answer is no.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not true in {seconds:g} s: {expression}"
        page.wait_for_timeout(20)


def labels(page: Any) -> list[str]:
    return [str(text) for text in page.locator(".irene-label").all_text_contents()]


def focused(page: Any) -> str:
    return str(page.locator(".irene-row:focus .irene-label").text_content())


def selected(page: Any) -> list[str]:
    rows = page.locator('.irene-row[aria-selected="true"] .irene-label')
    return [str(text) for text in rows.all_text_contents()]


def row(page: Any, label: str) -> Any:
    name = page.locator(".irene-label").get_by_text(label, exact=True)
    return page.locator(".irene-row").filter(has=name).first


def status(page: Any) -> str:
    """The line under the toolbar: what was found or done."""
    return str(page.locator(".irene-status").text_content())


def row_count(page: Any) -> int:
    """How many rows there are to be scrolled to, as assistive technology is told."""
    return int(page.locator(".irene-grid").get_attribute("aria-rowcount")) - 1  # the heading
