// What Python passes of a game and of all games: sheet.py and tables.py in the same order.
#pragma once

#include <cstdint>

namespace cross_jax {

constexpr int kSizeX = 32, kSizeY = 24, kSizeZ = 32;
constexpr int kNumCells = kSizeX * kSizeY * kSizeZ;
constexpr int kMaxMobs = 8, kNumThings = 24, kMaxParts = 6;
constexpr int kTileWords = 341, kNumLevels = 256;
constexpr float kFar = 1e9f;

struct Sheet {  // sheet.Sheet
  float origin[3], axes[3][3];
  float zenith[3], horizon[3], haze[3], night_sky[3], water[3];
  float aim_low[3], aim_high[3];
  float swing, health, food, armor, air, burn, cook, cursor[2];
  float thing_pos[kNumThings][3], thing_sin[kNumThings], thing_cos[kNumThings];
};
constexpr int kSheetFloats = sizeof(Sheet) / sizeof(float);

struct Marks {  // sheet.Marks
  int32_t aim_cell, mine_cell, cracks, held, hotbar, chat, is_wet;
  int32_t is_gui_open, group, screen, hovered, chosen, is_furnace, stack_item, stack_count;
  int32_t thing_body[kNumThings], thing_tile[kNumThings], thing_hurt[kNumThings];
};
constexpr int kMarksInts = sizeof(Marks) / sizeof(int32_t);

struct Body {  // tables.BODIES
  float centre[kMaxParts][3], half[kMaxParts][3], tile[kMaxParts], middle, radius;
};
constexpr int kBodyFloats = sizeof(Body) / sizeof(float);

struct Tables {  // the same for all games
  const int32_t* atlas;  // block faces, then skins
  const int32_t* icons;
  const int32_t* counts;
  const int32_t* shapes;  // boxes, kNumBoxes a shape
  const Body* bodies;
  int32_t first_skin, unused_box;
};

struct Game {
  const int32_t* boxes;  // [kNumCells]
  const uint8_t* light;  // [kNumCells]
  const int32_t* glow;   // [kNumLevels]
  const int32_t* icon_items;
  const int32_t* icon_counts;
  Sheet sheet;
  Marks marks;
};

}  // namespace cross_jax
