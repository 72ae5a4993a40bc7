"""What a sweep runs on a machine where no health hook answers."""
