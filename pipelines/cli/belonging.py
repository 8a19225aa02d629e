"""Whether the log and the store of a command that only reads belong together: said, and nobody is stopped."""

from typing import TYPE_CHECKING

from synsift.pipelines.cli.console import tell

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.base import Log


def tell_if_apart(settings: "Settings", log: "Log") -> bool:
    """Say so where a log and a store in a folder don't belong together. A store elsewhere isn't asked."""
    from synsift.pipelines.errors import StoreError
    from synsift.pipelines.storage.identity import check_together
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    folder = store_address(settings).folder
    if folder is None or settings.kafka.bootstrap or not folder.expanduser().is_dir():
        return False
    try:
        check_together(Objects(store_address(settings), make=False), log.identity())
    except StoreError as exc:
        tell(exc)
        return True
    return False
