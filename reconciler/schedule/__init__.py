"""Sweeps that run by themselves: what they need, and the timers and cron lines that start them."""
