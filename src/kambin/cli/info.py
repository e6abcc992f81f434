"""``kambin info``: what the program knows, with sources."""

import kambin
from kambin.cli import options
from kambin.cli.app import RESEARCH_NOTICE, app, examples
from kambin.cli.output import print_document, print_lines, print_table, with_version
from kambin.core import read_codes
from kambin.exchange import SEGMENTERS, find_segmenter_call, read_dialects
from kambin.knowledge import describe, instruments, techniques


@app.command(epilog=examples("kambin info", "kambin info --json"))
def info(json: options.Json = False) -> None:
    """List instruments, techniques, label dialects, constants and codes with their sources."""
    if json:
        print_document(_document())
        return
    print_lines(f"kambin {kambin.__version__}. {RESEARCH_NOTICE}")
    tools = instruments().values()
    print_table(
        "Instruments",
        ("name", "kind", "outer mm"),
        ((t.name, str(t.kind), f"{t.outer_diameter_mm:g}") for t in tools),
    )
    print_table("Techniques", ("name", "title"), ((t.name, t.title) for t in techniques().values()))
    print_table(
        "Label dialects",
        ("name", "title"),
        ((d.name, d.title) for d in read_dialects().values()),
    )
    print_table(
        "Segmentation tools (kambin segment)",
        ("name", "installed"),
        ((name, "yes" if find_segmenter_call(name) else "no") for name in SEGMENTERS),
    )
    print_lines("Constants, literature and codes with their sources: kambin info --json")


def _document() -> dict[str, object]:
    dialects = {
        name: {"title": d.title, "names_levels": d.names_levels, "aliases": d.aliases}
        for name, d in read_dialects().items()
    }
    codes = {
        code: {"title": c.title, "cause": c.cause, "next_step": c.next_step, "rows": c.rows}
        for code, c in read_codes().items()
    }
    # installed or not, and no path: it may hold a user's name
    tools = {
        name: {"title": tool.title, "installed": bool(find_segmenter_call(name))}
        for name, tool in SEGMENTERS.items()
    }
    known = {"version": kambin.__version__, "dialects": dialects, "codes": codes}
    known |= {"segmenters": tools}
    return with_version({**known, **describe()})
