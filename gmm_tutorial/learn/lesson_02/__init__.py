"""Checks of lesson 02: a free mask on the logits, its gradients, and three measures of what it has learned."""
