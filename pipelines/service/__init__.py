"""What a worker serves to ops."""
