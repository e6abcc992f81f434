"""The workstation in the browser: a guard, what it does, and what it shows.

Nothing is imported here: what the workstation does is tested without a browser and its libraries.
"""
