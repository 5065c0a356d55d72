"""What every answer wears."""

from __future__ import annotations

from collections.abc import Mapping

FRAMES = "'self' https://huggingface.co https://*.hf.space"
"""Who may show the studio in a frame: huggingface.co does, around every Space."""

_POLICY = {
    "default-src": "'self'",
    # Gradio's page has inline scripts, and makes functions of the `js=` of events.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": FRAMES,
}


def security_headers(on_space: bool = False) -> Mapping[str, str]:
    """Headers for the studio's own pages. On a Space these also talk to huggingface.co, for the Space's header."""
    hub = " https://huggingface.co https://*.huggingface.co" if on_space else ""
    policy = _POLICY | {name: _POLICY[name] + hub for name in ("img-src", "connect-src")}
    return {
        "content-security-policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
    }
