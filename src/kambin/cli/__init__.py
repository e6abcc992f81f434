"""The command line."""

import os

# Before any library is loaded, which reads them once. One thread adds up in one order on every
# machine, and a thread that waits leaves the core to those that work; who sets them, decides.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
