"""Pages of running the product: jobs, schedules, logs, dead letters, everything that waits for hands."""
