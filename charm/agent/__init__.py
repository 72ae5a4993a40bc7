"""The daemon of a machine: runs each unit's checks on their intervals, answers, and ships."""
