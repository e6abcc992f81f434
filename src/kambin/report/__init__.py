"""The plan as HTML, PDF and pictures."""
