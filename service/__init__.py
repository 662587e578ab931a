"""Prospectus: recruit partners and creators in their own languages."""

__version__ = "0.1.0"
