"""The two bodies of a message from the plain text that a person wrote: the text itself, and the same as HTML.

Nothing of the text is markup: it is escaped, empty lines part paragraphs, and addresses of pages become links. Both end
with how to unsubscribe, where there is a link for that.
"""

from __future__ import annotations

import html
import re
from typing import Literal

__all__ = ["bodies"]

Language = Literal["cs", "en"]

_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)']")
_UNSUBSCRIBE = {
    "cs": ("Nechcete tyto zprávy dostávat?", "Odhlásit se"),
    "en": ("You don't want these messages?", "Unsubscribe"),
}
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"></head>
<body style="margin:0;padding:24px 16px;font:16px/1.5 'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:600px;margin:0 auto">
{content}
</div>
</body>
</html>
"""


def bodies(text: str, *, language: Language, unsubscribe_url: str | None = None) -> tuple[str, str]:
    """(plain text, HTML) of a message that says `text`."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    paragraphs = [f'<p style="margin:0 0 16px">{_marked_up(each)}</p>' for each in re.split(r"\n{2,}", plain)]
    if unsubscribe_url is not None:
        question, word = _UNSUBSCRIBE[language]
        target = html.escape(unsubscribe_url)
        small = "margin:32px 0 0;padding-top:12px;border-top:1px solid #8886;font-size:13px"
        paragraphs.append(f'<p style="{small}">{question} <a href="{target}">{word}</a></p>')
        plain = f"{plain}\n\n-- \n{question} {word}: {unsubscribe_url}"
    return f"{plain}\n", _PAGE.format(language=language, content="\n".join(paragraphs))


def _marked_up(paragraph: str) -> str:
    """One paragraph: links in it, its lines apart."""
    made, end = [], 0
    for found in _LINK.finditer(paragraph):
        target = html.escape(found[0])
        made += [html.escape(paragraph[end : found.start()]), f'<a href="{target}">{target}</a>']
        end = found.end()
    return "".join([*made, html.escape(paragraph[end:])]).replace("\n", "<br>\n")
