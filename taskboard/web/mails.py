"""Showing a mail as its recipient reads it, without letting its HTML do anything on the page."""

from __future__ import annotations

from flask import Response

from taskboard.web.security import CONTENT_SECURITY_POLICY

FRAME_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "frame-ancestors 'self'",
        "sandbox allow-top-navigation-by-user-activation",
    )
)
NOT_MADE_YET = "<!doctype html><html lang='zh-CN'><meta charset='utf-8'><p>这封邮件还没有生成：发送时才生成内容。</p>"


def may_frame(response: Response) -> Response:
    """Let the page show a frame from this site, which the pages' policy forbids."""
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return response


def html_part(html: str | None) -> Response:
    """The HTML part as a document for a frame: no scripts, no forms, nothing from outside.

    Its links open the whole page.
    """
    html = (html or NOT_MADE_YET).replace("<head>", '<head><base target="_top">', 1)
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
