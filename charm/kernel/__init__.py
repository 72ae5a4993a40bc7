"""What both sides share: reports, how they travel, and doors to processes, files and time."""
