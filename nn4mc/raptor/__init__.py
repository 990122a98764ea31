"""RAPTOR as its users need it: may this vehicle be flown with it, and how well does it fly."""
