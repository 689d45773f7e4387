"""The rules measured against Minecraft's published numbers."""
