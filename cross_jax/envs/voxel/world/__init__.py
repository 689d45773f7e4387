"""Fresh worlds: ground, biomes, features, light."""
