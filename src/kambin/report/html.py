"""The report as one HTML file that needs nothing else."""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kambin.report.compare_page import ComparePage
from kambin.report.content import ReportContent
from kambin.report.pictures import Picture
from kambin.report.rows import shorten_table
from kambin.report.words import LEGEND

_SHORT_ROWS = 20
"""What a person takes in beside the facts; the whole table follows the pictures."""


def html_report(
    content: ReportContent, pictures: Sequence[Picture], compared: ComparePage | None = None
) -> str:
    """Return the report as a page: pictures inline, every text escaped, no script, no network.

    Parameters
    ----------
    content : ReportContent
    pictures : in print order
    compared : ComparePage, or none where nobody asked for it

    Notes
    -----
    The page carries a content security policy that allows its own style by its hash and
    inline pictures, and nothing else.

    References
    ----------
    Content Security Policy Level 3, https://www.w3.org/TR/CSP3
    """
    environment = Environment(
        loader=PackageLoader("kambin.report"),
        autoescape=True,
        # A misspelt name in the template must fail, not leave a blank where a number belongs.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("kambin.report").joinpath("templates/report.css").read_text("utf-8")
    # The policy names this one style by its hash; a browser applies no other.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    table = environment.get_template("table.html.j2").module.table  # type: ignore[attr-defined]
    return environment.get_template("report.html.j2").render(
        c=content,
        facts=[row.cells for row in content.facts],
        findings=[row.cells for row in content.findings],
        provenance=[row.cells for row in content.provenance],
        pictures=[_inline(picture) for picture in pictures],
        compared=compared,
        compared_picture=None if compared is None else _inline(compared.picture),
        summary_short=shorten_table(content.summary, _SHORT_ROWS, "in the table below"),
        legend=LEGEND,
        style=Markup(style),  # noqa: S704 our own packaged file, hashed in the policy
        style_sha256=digest,
        table=table,
    )


def _inline(picture: Picture) -> dict[str, str]:
    return {
        "name": picture.name,
        "title": picture.title,
        "alt": picture.alt,
        "base64": base64.b64encode(picture.png).decode(),
    }
