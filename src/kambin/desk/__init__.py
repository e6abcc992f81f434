"""What the command line and the workstation share: a checked case, completed once, and a clock."""
