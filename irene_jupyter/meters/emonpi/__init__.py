"""The emonPi and its kin: their lines, over a serial port or the network."""
