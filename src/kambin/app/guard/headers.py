"""What every answer tells the browser to forbid, also when the answer is a refusal."""

from typing import Final

_POLICY: Final = {
    "default-src": "'none'",
    # templates become code in the browser: the run-time compiler of Vue
    "script-src": "'self' 'unsafe-eval'",
    # the theme of Vuetify is a style element that its script writes, and marks with the nonce
    "style-src": "'self' 'nonce-{nonce}'",
    # slices come with the state
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}

POLICY_HEADER: Final = "Content-Security-Policy"


def content_policy(style_nonce: str) -> str:
    """Return the content security policy; why each exception is needed stands in docs/adr/0013.

    Parameters
    ----------
    style_nonce : str, marks the one style element that a script may write
    """
    policy = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
    return policy.format(nonce=style_nonce)


SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # no versions: they would tell which known holes to try
    "Server": "kambin",
}
"""Beside the policy, the same at each start."""
