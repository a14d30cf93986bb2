"""Runs the function app of the current folder without the Azure host; see docs/localhost.md. Never shipped."""
