"""Plans: what a change will do, as plain values; knows neither Django nor Celery."""
