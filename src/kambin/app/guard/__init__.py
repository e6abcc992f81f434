"""Who may talk to the workstation: it knows nothing of cases, and lets nobody in by default."""
