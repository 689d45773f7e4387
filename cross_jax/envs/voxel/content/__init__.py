"""The content of the world as tables: blocks, items, mobs, recipes, and how they look."""
