"""The command line `crossaccount`: thin commands over the other parts, and one boundary for all that can go wrong."""
