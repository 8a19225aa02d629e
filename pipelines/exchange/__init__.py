"""Batches out to services where other people vote, and their votes in.

open batches ──tasks_out──▶ Label Studio, Mechanical Turk, Ground Truth, CSV, JSON Lines
log ◀──votes_in── what these give back: a line that can't be read is named, and the rest goes on
"""
