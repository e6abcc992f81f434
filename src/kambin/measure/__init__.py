"""Registered quantities of the foramen, the disc and the crest."""
