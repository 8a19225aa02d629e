"""The stages: each a small module of plain decisions in a thin shell.

queries ──search──▶ image-urls ──fetch──▶ candidates ──dedupe──▶ survivors ──land──▶ object storage
"""
