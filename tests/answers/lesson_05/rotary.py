"""Answers to 05.rotary."""
