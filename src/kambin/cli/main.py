"""The entry point of the command ``kambin``."""


def main() -> None:
    """Run the command line."""
