"""The other ways to operate on the same patient, what they cost, and what speaks for each."""
