"""Capture and analysis in processes of their own, one a core (docs/architecture.md).

``messages``: what is said; ``channel``: how it travels; ``child``: the worker process; ``pool``:
starts, watches and replaces workers; ``remote``: the capture service that the main process sees.
"""
