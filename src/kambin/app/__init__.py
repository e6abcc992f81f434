"""The workstation: plan, check and print in the browser, on this machine alone."""
