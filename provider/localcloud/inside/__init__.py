"""What is put on the path of every function's process; nothing imports it from here."""
