"""Exercises of lesson 02: a free mask on the scores, its gradients, the layer around it, and measures of a mask."""
