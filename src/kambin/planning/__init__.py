"""Fields, candidates, search, resection and the independent second check."""
