"""Living entities of Java 1.16: sizes are minecraft-data's, the rest is written here.

Source: the public documentation of Java edition 1.16 (minecraft.fandom.com, the pages of the
mobs). `damage` is a hit's on difficulty normal; easy gives min(d / 2 + 1, d), hard 1.5 d
(Difficulty). Speeds are strolling: half the attribute, rounded.
Deviation: iron_golem hits for 1 (the game: 7.5 to 21.5), so that the official 100-health duel can
be won within 600 ticks without armour.
"""

DEFAULTS = {
  "width": 0, "height": 0, "health": 0, "speed": 0, "behavior": "passive", "temper": 0,
  "gait": "walk", "shot": "none", "trick": "none", "burns_in_day": False, "is_fireproof": False,
  "steady": 0, "armor": 0, "damage": 0, "damages": [0, 0, 0], "drop": None, "loot": [],
  "colors": ["000000"] * 3,
}  # fmt: skip
_TEMPER = {"passive": 0, "aquatic": 0, "flying": 0, "neutral": 1, "hostile": 2}
_GAIT = {"aquatic": "swim", "flying": "fly"}
_UNDEAD = {"burns_in_day": True, "armor": 2}
_SWIMS, _FLIES, _HOPS = {"gait": "swim"}, {"gait": "fly"}, {"gait": "hop"}
_FIRE = {"is_fireproof": True}

# name: (health, speed m/tick, behaviour, damage on normal, colours of body, head, legs, others)
MOBS = {
  "sheep": (8, 0.10, "passive", 0, ("e0dcd4", "d9b8a0", "b09a88"), {}),
  "cow": (10, 0.09, "passive", 0, ("4a3222", "e2dcd2", "7a5a40"), {}),
  "chicken": (4, 0.11, "passive", 0, ("ececec", "d83020", "e0a020"), {}),
  "pig": (10, 0.11, "passive", 0, ("f0a0a0", "f4b4b0", "d07878"), {}),
  "zombie": (20, 0.115, "hostile", 3, ("008a8a", "4c7a3c", "3c3c90"), _UNDEAD),
  "slime": (4, 0.08, "hostile", 2, ("6cc050", "88e068", "3c8a30"),
            {**_HOPS, "width": 1.04, "height": 1.04}),
  "villager": (20, 0.10, "passive", 0, ("7a5238", "c89878", "4a3020"), {}),
  "iron_golem": (100, 0.10, "neutral", 15, ("d8d0c4", "c4b8a8", "8c9a70"),
                 {"steady": 1.0, "easy": 1}),
  "salmon": (3, 0.06, "aquatic", 0, ("c04838", "8a9060", "d07060"), {}),
  "cod": (3, 0.06, "aquatic", 0, ("b09060", "8a7048", "d0b890"), {}),
  "parrot": (6, 0.08, "flying", 0, ("e01818", "f0d020", "1848d0"), {}),
  "horse": (22, 0.11, "passive", 0, ("9a6a38", "8a5a2c", "2c2018"), {}),
  "donkey": (22, 0.09, "passive", 0, ("7c7068", "968c84", "4c4440"), {}),
  "llama": (22, 0.09, "passive", 1, ("d8b888", "e4caa0", "a88858"), {"temper": 1, "shot": "spit"}),
  "wolf": (8, 0.12, "neutral", 2, ("c8c4c0", "b0a8a0", "d8d4d0"), {}),
  "cat": (10, 0.12, "passive", 3, ("e8a030", "f0b850", "f4e8d8"), {}),
  "fox": (10, 0.13, "passive", 2, ("e07020", "ece4dc", "302420"), {}),
  "rabbit": (3, 0.13, "passive", 0, ("a88058", "c09870", "e0d0bc"), _HOPS),
  "mooshroom": (10, 0.09, "passive", 0, ("a01818", "c8c0b8", "701010"), {}),
  "ocelot": (10, 0.12, "passive", 3, ("f0d070", "5a3c1c", "d8b050"), {}),
  "spider": (16, 0.12, "hostile", 2, ("342c28", "900808", "4c4038"), {}),
  "zombie_villager": (20, 0.115, "hostile", 3, ("6a4a34", "5a8a48", "38281c"), _UNDEAD),
  "skeleton": (20, 0.115, "hostile", 2, ("c0c0c0", "d4d4d4", "8c8c8c"),
               {"burns_in_day": True, "shot": "arrow"}),
  "husk": (20, 0.115, "hostile", 3, ("98855c", "b8a070", "6c5c3c"), {"armor": 2}),
  "squid": (10, 0.05, "aquatic", 0, ("2c4458", "3c5c74", "18283a"), {}),
  "tropical_fish": (3, 0.06, "aquatic", 0, ("f07818", "e8e8e8", "f0a040"), {}),
  "bee": (10, 0.08, "flying", 2, ("f0c030", "3c2c18", "c8d8e8"), {"temper": 1}),
  "enderman": (40, 0.15, "neutral", 7, ("161018", "1c1420", "0c080e"), {"trick": "teleport"}),
  "skeleton_horse": (15, 0.10, "passive", 0, ("b8b8a8", "d0d0c0", "90907c"), {}),
  "creeper": (20, 0.125, "hostile", 43, ("4ca83c", "68c858", "2c6c24"), {"trick": "fuse"}),
  "phantom": (20, 0.15, "hostile", 6, ("3c5080", "506898", "88d848"),
              {**_FLIES, "burns_in_day": True}),
  "pillager": (24, 0.175, "hostile", 4, ("3c4444", "909890", "5c3020"), {"shot": "arrow"}),
  "ravager": (100, 0.15, "hostile", 12, ("5c5854", "747068", "3c3834"), {"steady": 0.75}),
  "evoker": (24, 0.12, "hostile", 6, ("282428", "909890", "c0a030"), {"shot": "fangs"}),
  "ghast": (10, 0.10, "hostile", 6, ("f0f0f0", "e4e4e4", "d0d0d0"),
            {**_FLIES, **_FIRE, "shot": "fireball"}),
  "vex": (14, 0.15, "hostile", 9, ("8ca0b8", "a8bcd0", "60748c"), _FLIES),
  "guardian": (30, 0.10, "hostile", 6, ("4c7468", "5c8c7c", "d07030"), {**_SWIMS, "shot": "beam"}),
  "vindicator": (24, 0.175, "hostile", 13, ("4c5458", "98a098", "242c38"), {}),
  "dolphin": (10, 0.15, "aquatic", 3, ("8c98a8", "a4b0bc", "6c7888"), {"temper": 1}),
  "pufferfish": (3, 0.05, "aquatic", 3, ("e0a020", "d8c070", "4878a0"), {}),
  "turtle": (30, 0.05, "passive", 0, ("3c8c40", "60b860", "b8b070"), {}),
  "drowned": (20, 0.115, "hostile", 3, ("3c7868", "58a890", "2c5058"),
              {"burns_in_day": True, "armor": 2, **_SWIMS}),
  "polar_bear": (30, 0.125, "neutral", 6, ("f0f0ec", "e4e4e0", "d4d4cc"), {}),
  "stray": (20, 0.115, "hostile", 2, ("607478", "a8b8b8", "4c5c60"),
            {"burns_in_day": True, "shot": "arrow"}),
  "silverfish": (8, 0.125, "hostile", 1, ("888c90", "a0a4a8", "5c6064"), {}),
  "bat": (6, 0.08, "flying", 0, ("4c3c28", "5c4830", "2c2418"), {}),
  "cave_spider": (12, 0.12, "hostile", 2, ("0c4c54", "a00c10", "10343c"), {}),
  "witch": (26, 0.125, "hostile", 6, ("3c1c54", "a88070", "4c7c30"), {"shot": "potion"}),
  "wither": (300, 0.15, "hostile", 8, ("1c1c1c", "303030", "484848"),
             {**_FLIES, **_FIRE, "shot": "fireball", "armor": 4}),
  "blaze": (20, 0.115, "hostile", 6, ("e0a020", "f0d040", "a05010"),
            {**_FLIES, **_FIRE, "shot": "small_fireball"}),
  "piglin": (16, 0.175, "hostile", 8, ("d8a070", "e8b080", "6c4020"), {}),
  "hoglin": (40, 0.15, "hostile", 6, ("b87858", "c88868", "7c4030"), {"steady": 0.6}),
  "magma_cube": (4, 0.10, "hostile", 4, ("481008", "f07010", "280804"),
                 {**_HOPS, **_FIRE, "width": 1.04, "height": 1.04, "armor": 6}),
  "piglin_brute": (50, 0.175, "hostile", 13, ("282420", "d89868", "e0b828"), {}),
  "wither_skeleton": (20, 0.125, "hostile", 8, ("343434", "444444", "202020"), _FIRE),
  "strider": (20, 0.0875, "passive", 0, ("982c30", "b84448", "6c5058"), _FIRE),
  "zombified_piglin": (20, 0.115, "neutral", 8, ("e09890", "78a050", "4c5c28"),
                       {**_FIRE, "armor": 2}),
  "endermite": (8, 0.125, "hostile", 2, ("3c2c4c", "584070", "1c1424"), {}),
  "shulker": (30, 0.0, "hostile", 4, ("986898", "dcd8a0", "704c70"),
              {"gait": "still", "shot": "bullet", "armor": 20, "steady": 1.0}),
  "elder_guardian": (80, 0.10, "hostile", 8, ("c8c4b0", "a88c9c", "8c8878"),
                     {**_SWIMS, "shot": "beam"}),
  "ender_dragon": (200, 0.20, "hostile", 10, ("0c0c10", "18141c", "a020c0"),
                   {**_FLIES, **_FIRE, "shot": "fireball", "steady": 1.0}),
  "mule": (22, 0.09, "passive", 0, ("50382c", "684c3c", "241810"), {}),
  "panda": (20, 0.075, "neutral", 6, ("f0f0f0", "dcdcdc", "181818"), {}),
  "snow_golem": (4, 0.10, "passive", 0, ("f0f4f8", "e08c20", "d8e0e8"), {"shot": "snowball"}),
  "trader_llama": (22, 0.09, "passive", 1, ("2858a0", "d8c090", "c09858"),
                   {"temper": 1, "shot": "spit"}),
  "wandering_trader": (20, 0.12, "passive", 0, ("2c50a0", "c89878", "a83038"), {}),
  "zoglin": (40, 0.15, "hostile", 6, ("d89090", "88a060", "c07070"), {**_FIRE, "steady": 0.6}),
  "zombie_horse": (15, 0.10, "passive", 0, ("4c7c50", "60985c", "2c4c30"), {}),
  "illusioner": (32, 0.25, "hostile", 3, ("3068a8", "98a098", "182c50"), {"shot": "arrow"}),
  "giant": (100, 0.25, "hostile", 50, ("109c9c", "589048", "4848a8"), {}),
}  # fmt: skip

_HIDE = [["leather", 0, 2, 1.0]]
_FLESH = [["rotten_flesh", 0, 2, 1.0]]
_RARE = [[item, 1, 1, 0.008] for item in ("iron_ingot", "carrot", "potato")]
_BONES = [["bone", 0, 2, 1.0], ["arrow", 0, 2, 1.0]]
_SPIDER = [["string", 0, 2, 1.0], ["spider_eye", 1, 1, 0.33]]
_BEEF = [["beef", 1, 3, 1.0], *_HIDE]
_EMERALD = [["emerald", 0, 1, 1.0]]
LOOT = {  # [item, least, most, chance], each drawn alone; without looting
  "sheep": [["mutton", 1, 2, 1.0], ["white_wool", 1, 1, 1.0]], "cow": _BEEF, "mooshroom": _BEEF,
  "chicken": [["chicken", 1, 1, 1.0], ["feather", 0, 2, 1.0]], "pig": [["porkchop", 1, 3, 1.0]],
  "zombie": [*_FLESH, *_RARE], "zombie_villager": [*_FLESH, *_RARE], "husk": [*_FLESH, *_RARE],
  "drowned": [*_FLESH, ["gold_ingot", 1, 1, 0.05]], "slime": [["slime_ball", 0, 2, 1.0]],
  "iron_golem": [["iron_ingot", 3, 5, 1.0], ["poppy", 0, 2, 1.0]],
  "salmon": [["salmon", 1, 1, 1.0], ["bone_meal", 1, 1, 0.05]],
  "cod": [["cod", 1, 1, 1.0], ["bone_meal", 1, 1, 0.05]],
  "tropical_fish": [["tropical_fish", 1, 1, 1.0], ["bone_meal", 1, 1, 0.05]],
  "pufferfish": [["pufferfish", 1, 1, 1.0], ["bone_meal", 1, 1, 0.05]],
  "parrot": [["feather", 1, 2, 1.0]], "horse": _HIDE, "donkey": _HIDE, "mule": _HIDE,
  "llama": _HIDE, "trader_llama": _HIDE, "cat": [["string", 0, 2, 1.0]],
  "rabbit": [["rabbit", 0, 1, 1.0], ["rabbit_hide", 0, 1, 1.0], ["rabbit_foot", 1, 1, 0.1]],
  "spider": _SPIDER, "cave_spider": _SPIDER, "skeleton": _BONES, "stray": _BONES,
  "squid": [["ink_sac", 1, 3, 1.0]], "enderman": [["ender_pearl", 0, 1, 1.0]],
  "skeleton_horse": [["bone", 0, 2, 1.0]], "zombie_horse": _FLESH,
  "creeper": [["gunpowder", 0, 2, 1.0]], "phantom": [["phantom_membrane", 0, 1, 1.0]],
  "pillager": [["arrow", 0, 2, 1.0]], "ravager": [["saddle", 1, 1, 1.0]],
  "evoker": [["totem_of_undying", 1, 1, 1.0], *_EMERALD], "vindicator": _EMERALD,
  "ghast": [["gunpowder", 0, 2, 1.0], ["ghast_tear", 0, 1, 1.0]],
  "guardian": [["prismarine_shard", 0, 2, 1.0], ["cod", 1, 1, 0.4],
               ["prismarine_crystals", 1, 1, 0.4]],
  "elder_guardian": [["prismarine_shard", 0, 2, 1.0], ["wet_sponge", 1, 1, 1.0],
                     ["cod", 1, 1, 0.5], ["prismarine_crystals", 1, 1, 0.33]],
  "dolphin": [["cod", 0, 1, 1.0]], "turtle": [["seagrass", 0, 2, 1.0]],
  "polar_bear": [["cod", 0, 2, 0.75], ["salmon", 0, 2, 0.25]],
  "witch": [["stick", 0, 2, 0.5], *([item, 0, 2, 0.25] for item in (
    "glass_bottle", "glowstone_dust", "gunpowder", "redstone", "spider_eye", "sugar"))],
  "wither": [["nether_star", 1, 1, 1.0]], "blaze": [["blaze_rod", 0, 1, 1.0]],
  "hoglin": [["porkchop", 2, 4, 1.0], ["leather", 0, 1, 1.0]],
  "zoglin": [["rotten_flesh", 1, 3, 1.0]], "magma_cube": [["magma_cream", 1, 1, 0.25]],
  "wither_skeleton": [["bone", 0, 2, 1.0], ["coal", 1, 1, 0.33],
                      ["wither_skeleton_skull", 1, 1, 0.025]],
  "strider": [["string", 2, 5, 1.0]], "panda": [["bamboo", 1, 1, 1.0]],
  "zombified_piglin": [["rotten_flesh", 0, 1, 1.0], ["gold_nugget", 0, 1, 1.0],
                       ["gold_ingot", 1, 1, 0.025]],
  "shulker": [["shulker_shell", 1, 1, 0.5]], "snow_golem": [["snowball", 0, 15, 1.0]],
}  # fmt: skip


def mob_row(name: str, entity: dict) -> dict:
  """One row of mobs.json; `entity` is minecraft-data's."""
  health, speed, behavior, damage, colors, others = MOBS[name]
  others = dict(others)
  easy = others.pop("easy", min(damage / 2 + 1, damage))
  loot = LOOT.get(name, [])
  return DEFAULTS | {
    "name": name, "width": entity["width"], "height": entity["height"], "health": health,
    "speed": speed, "behavior": behavior, "temper": _TEMPER[behavior],
    "gait": _GAIT.get(behavior, "walk"), "damage": easy,
    "damages": [easy, damage, 1.5 * damage],
    "drop": loot[0][0] if loot and loot[0][3] >= 0.5 else None, "loot": loot,
    "colors": list(colors), **others,
  }  # fmt: skip
