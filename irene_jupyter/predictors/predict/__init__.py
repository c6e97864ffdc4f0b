"""Tree, profile and what is known of a run → joules, intervals and flags."""
