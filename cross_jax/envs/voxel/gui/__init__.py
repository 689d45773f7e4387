"""Slots, screens, clicks and recipes."""
