"""Checks of lesson 08: windows, their biases and their shift, a class token, pooling, talking heads."""
