"""Benchmarks that print ratios against peers measured in the same run."""

import os

# As the command line has it: what is measured is what a person waits for. Threads that spin while
# they wait take a plan from 10 to 17 seconds of the processor.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
