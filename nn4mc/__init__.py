"""nn4mc: small trained networks and the controllers built on them, as verified C for a Cortex-M4."""

__version__ = "0.1.0"
