"""Everything between a URL and bytes: guard, robots, host schedule, retries."""
