"""What operators wrote: health.yaml, and what they said on the command line."""
