"""What the base emulator lacks or does otherwise than AWS, one subject per module.

Each module has `apply()`, called once before the base serves, and declares each thing it adds or
corrects as a row of the behaviour table.
"""
