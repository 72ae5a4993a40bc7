"""The live table of `reconcile-health watch`; no other command imports it."""
