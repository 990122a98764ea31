"""Campaigns: many flights from one file, simulated or on boards, on one machine or many, resumable at any point."""
