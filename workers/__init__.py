"""Celery's side of the house: `celery -A workers.app worker`."""
