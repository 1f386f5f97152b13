"""What `crossaccount doctor` looks at, one part of an account or of the centre a file: how it is read, and what is wrong with it.

Reading and judging are apart: `read` asks AWS and turns its answer into a value, `faults` is pure.
"""
