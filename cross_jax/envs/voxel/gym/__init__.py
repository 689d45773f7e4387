"""The games as gymnasium environments."""
