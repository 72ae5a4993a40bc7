"""The use cases: a sweep of one model, and of all of them."""
