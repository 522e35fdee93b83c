"""Who may do what, held against the running suite."""
