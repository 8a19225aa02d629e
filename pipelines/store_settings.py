"""The configuration → where objects are kept."""

from synsift.pipelines.config import Settings
from synsift.pipelines.storage.objects import StoreAddress


def store_address(settings: Settings) -> StoreAddress:
    """Where the configuration says that objects are kept."""
    store = settings.store
    return StoreAddress(
        url=store.url,
        endpoint=store.endpoint,
        region=store.region,
        timeout_s=store.timeout_s,
        ask_instance=store.ask_instance,
        access_key_id=store.access_key_id,
        secret_access_key=store.secret_access_key,
    )
