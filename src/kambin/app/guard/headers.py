"""What every answer tells the browser to forbid, also when the answer is a refusal."""

from typing import Final

POLICY: Final = {
    "default-src": "'none'",
    # templates become code in the browser: the run-time compiler of Vue
    "script-src": "'self' 'unsafe-eval'",
    # the theme of Vuetify is a style element that its script writes
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""Content security policy; why each exception is needed stands in docs/adr/0013."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
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
