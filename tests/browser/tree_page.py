"""What a reader sees of a drawn tree: helpers of the browser tests."""

from __future__ import annotations

from typing import Any


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
