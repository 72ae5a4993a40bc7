"""What a sweep runs on a machine where no health hook answers: it comes in by stdin, and is read.

Nothing of it is installed. It looks and changes nothing, writes no file and leaves no process.
What it finds is printed as one report; `docs/probe.md` has its checks.
"""
