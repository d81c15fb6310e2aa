"""The JSON API under /api/v1. Errors are problem+json with a stable ``code``."""
