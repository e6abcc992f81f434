"""The parametric patient: a lumbar spine made by code, with truth for everything."""
