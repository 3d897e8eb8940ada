"""The course: where lessons are, making them from their masters, running them, and whether all is ready for them."""
