"""A browser's own string in words, only where it says plainly which browser and system it is."""

import re
from typing import Final

_SHOWN_AT_MOST: Final = 60
_COMMENT: Final = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
_PRODUCT: Final = re.compile(r"([^\s/]+)(?:/\S*)?")
# In order: each but Safari and Firefox names those after it as well.
_BROWSERS: Final = {
    "Edg": "Edge",
    "EdgA": "Edge",
    "EdgiOS": "Edge",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Version": "Safari",
}
_BESIDE: Final = {"Mozilla", "AppleWebKit", "Gecko", "Mobile", "Safari"}
_SYSTEMS: Final = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def browser_words(agent: str) -> str:
    """``Chrome, Windows``; a string that names any other product stays as it is, shortened."""
    products = set(_PRODUCT.findall(_COMMENT.sub(" ", agent)))
    browser = next((words for name, words in _BROWSERS.items() if name in products), "")
    system = next((words for name, words in _SYSTEMS.items() if name in agent), "")
    if browser and system and products <= _BROWSERS.keys() | _BESIDE:
        return f"{browser}, {system}"
    return agent if len(agent) <= _SHOWN_AT_MOST else f"{agent[: _SHOWN_AT_MOST - 1]}…"
