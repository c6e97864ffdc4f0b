"""Watts and joules from outside: counters of the machine, and meters between it and the wall."""
