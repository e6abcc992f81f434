"""What the workstation does, step by step, without a browser: no web stack is imported here."""
