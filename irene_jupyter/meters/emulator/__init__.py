"""An emonPi that is none, for tests and for machines without a meter."""
