"""Checks of lesson 10: a roofline, the softmax in one pass, attention by blocks, its gradients, a score function."""
