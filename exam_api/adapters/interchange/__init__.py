"""Readers and writers of test files. Nothing of a file is trusted; each raises FileRefused only."""
