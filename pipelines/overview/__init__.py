"""What a fleet does now, as a page: ``synsift fleet``."""
