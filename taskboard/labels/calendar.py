"""Words for the days of the working calendar."""

from __future__ import annotations

FESTIVALS: dict[str, str] = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Chinese New Year's Eve": "除夕",
    "Chinese New Year (Spring Festival)": "春节",
    "Tomb-sweeping Day": "清明节",
    "Tomb-Sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Labor Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "Mid-Autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
"""by the names that published calendars use; a notice brings the Chinese one"""


def festival_words(note: str) -> str:
    """``Spring Festival`` → ``春节``; what it does not know stays, and two festivals on one day are told both."""
    return "、".join(FESTIVALS.get(name, name) for name in note.split("; "))
