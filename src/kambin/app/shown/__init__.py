"""What the session means on a screen: pure functions from the session to values of the state."""
