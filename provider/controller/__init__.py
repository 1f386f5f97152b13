"""The controller: the only part with power, run in the central account. Thin edges around the core."""
