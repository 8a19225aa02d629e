"""Object storage: blobs, survivors and manifests."""
