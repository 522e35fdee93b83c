"""Bad input by machine, against the running suite."""
