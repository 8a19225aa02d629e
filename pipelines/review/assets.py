"""What the page is made of: files beside this module."""

from importlib import resources


def asset(name: str) -> str:
    """The text of one."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
