"""parkgap: what industrial parks lack for their workers within a 15-minute walk."""

__version__ = "0.1.0"
