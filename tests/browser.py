"""Which browser drives the tests of the workstation; run it to ask whether there is one."""

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")

VARIABLE = "KAMBIN_CHROMIUM"
"""Names a browser that lies elsewhere."""

FLAGS = (
    # space is drawn in software: the same pictures with and without a graphics card
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    # nothing but the pages under test asks the network
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
)


def find_chromium() -> Path | None:
    """Return the browser, or none."""
    named = os.environ.get(VARIABLE)
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found and Path(found).is_file() else None


def launch_flags() -> list[str]:
    """Return with what the browser is started."""
    # its own walls need rights that root does not have in a container
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


if __name__ == "__main__":
    sys.exit(find_chromium() is None)
