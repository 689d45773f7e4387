// The first surface on every ray: trace.py, look.py and hits.py for packets of 4x4 samples.
//
// A chunk of packets moves in rounds, so that the processor works on several at once; what rays
// come to is settled for those that moved no more, and who goes on joins the next round.
#pragma once

#include <cmath>

#include "game.h"
#include "lanes.h"

namespace cross_jax {

constexpr float kMinStep = 1e-3f, kNudge = 1e-4f, kBorder = 2e-3f;
constexpr float kBack = 1.5f * kMinStep, kHop = 2 * kMinStep;
constexpr int32_t kBlock = 128, kWater = 64;
constexpr int32_t kLook = 1 << 16, kPlant = 1 << 17, kBoxes = 1 << 18, kHoles = 1 << 19;
constexpr int32_t kWet = 1 << 20;
constexpr int32_t kUp = 0, kDown = 1, kSideX = 2, kSideZ = 3, kCross = 4;
constexpr int kNumBoxes = 5, kChunk = 64, kMaxRounds = 256;
constexpr int kMaxSteps = 512;  // in a round: rays from afar may not come on for rounding

struct Packet {
  F d[3], inverse[3];  // directions, and 1 / direction
  F wall[3];           // the eye, or 1 m less where the direction is positive
  F t, t_out;          // where rays are, and where they leave the world; t is kFar for who has met
  I shift;             // bits to the byte of the quadrant in a box word
  I limit;             // rays stop in cells of this code and above
  I word, index;       // of the cells that they are in
  F hit_t, water_t;
  I block, cell, face;
  I level;  // of light, before what is shown: shade.h
};

struct Scene {
  const Tables* tables;
  const Game* game;
  F origin[3];
  F cell[3];      // of the eye
  float size[3];  // m, of the world up to its highest block
  I limit;        // of rays that have not met water
  int32_t word;  // of the eye's cell; of use if is_inside
  bool is_inside, is_diving;
};

inline I block_of(I word) { return (word & 127) | ((word >> 1) & (127 << 7)); }

constexpr float kEight[8] = {0, 1, 2, 3, 4, 5, 6, 7};
constexpr int32_t kTileOfFace[8] = {0, 2, 1, 1, 1};

inline I tile_of(I block, I face) { return 3 * block + pick(face, kTileOfFace); }

inline I texel_index(I tile, I u, I v, I level) {
  const I offset = ((1024 - (1024 >> (2 * level))) * 171) >> 9;
  return kTileWords * tile + offset + ((v >> level) << (4 - level)) + (u >> level);
}

inline I texel(F part) { return to_i(clip(part * 16.0f, 0.0f, 15.0f)); }

inline void cell_of(I index, F cell[3]) {
  cell[0] = to_f(index & 31);
  cell[1] = to_f(index >> 10);
  cell[2] = to_f((index >> 5) & 31);
}

inline void face_uv(I face, const F place[3], const Packet& p, F* u, F* v) {
  *u = face == kSideX ? (p.d[0] > 0.0f ? place[2] : 1.0f - place[2]) : place[0];
  *u = ((face == kSideZ) & (p.d[2] > 0.0f)) ? 1.0f - place[0] : *u;
  *v = face <= kDown ? place[2] : 1.0f - place[1];
}

inline void place_in(const Scene& scene, const Packet& p, F t, const F cell[3], F place[3]) {
  for (int k = 0; k < 3; k++) {
    place[k] = clip(fma(p.d[k], t, scene.origin[k]) - cell[k], 0.0f, 1.0f);
  }
}

// Where rays enter the cubes of cells.
inline F enter_cube(const Scene& scene, const Packet& p, const F cell[3], I* face) {
  F w[3];
  for (int k = 0; k < 3; k++) {
    w[k] = ((p.d[k] > 0.0f ? cell[k] : cell[k] + 1.0f) - scene.origin[k]) * p.inverse[k];
  }
  const F t = greater(greater(w[0], w[1]), w[2]);
  *face = w[0] >= t ? all(kSideX) : all(kSideZ);
  *face = w[1] >= t ? (p.d[1] > 0.0f ? all(kDown) : all(kUp)) : *face;
  return greater(t, all(0.0f));
}

// Where rays leave boxes that reach h cells ahead and v up and down, plus kNudge.
inline F leave(const Packet& p, const F cell[3], F h, F v) {
  F w[3];
  for (int k = 0; k < 3; k++) {
    const I sign = bits<I>(p.d[k]) & INT32_MIN;
    const F ahead = bits<F>(bits<I>(k == 1 ? v : h) ^ sign);
    w[k] = (cell[k] + ahead - p.wall[k]) * p.inverse[k];
  }
  return lesser(lesser(w[0], w[1]), w[2]) + kNudge;
}

// One step of the rays in cells of empty boxes, told by the cells' words; which rays moved.
inline I advance(const F cell[3], I word, Packet* packet) {
  Packet& p = *packet;
  const I code = right(word, p.shift) & 255;
  const I is_moving = (p.t < p.t_out) & (code < p.limit);
  const F h = pick(code >> 3, kEight), v = pick(code, kEight);
  const F t = greater(leave(p, cell, h, v), p.t + kMinStep);
  p.t = is_moving ? t : p.t;
  return is_moving;
}

// Rays of the world, where they enter it, from camera rays float[3][kLanes].
inline void start(const Scene& scene, const float* camera, Packet* packet) {
  const Sheet& sheet = scene.game->sheet;
  Packet& p = *packet;
  F c[3];
  for (int i = 0; i < 3; i++) c[i] = load<F>(camera + kLanes * i);
  F t_in = all(0.0f), t_out = all(kFar);
  I is_flat = all(0);
  for (int k = 0; k < 3; k++) {
    F d = c[1] * sheet.axes[1][k];
    p.d[k] = fma(c[2], all(sheet.axes[2][k]), fma(c[0], all(sheet.axes[0][k]), d));
    is_flat |= magnitude(p.d[k]) < kMinStep;
  }
  if (any(is_flat)) {
    for (int k = 0; k < 3; k++) {
      const F d = p.d[k], least = d < 0.0f ? all(-kMinStep) : all(kMinStep);
      p.d[k] = magnitude(d) < kMinStep ? least : d;
    }
  }
  for (int k = 0; k < 3; k++) {
    const F inverse = p.inverse[k] = 1.0f / p.d[k];
    const I is_up = p.d[k] > 0.0f;
    p.wall[k] = is_up ? scene.origin[k] - 1.0f : scene.origin[k];
    const float ends[2] = {-sheet.origin[k], scene.size[k] - sheet.origin[k]};
    t_out = lesser(t_out, (is_up ? all(ends[1]) : all(ends[0])) * inverse - kBorder);
    if (scene.is_inside) continue;
    t_in = greater(t_in, (is_up ? all(ends[0]) : all(ends[1])) * inverse + kNudge);
  }
  p.t = t_in;
  p.t_out = t_out;
  p.shift = (p.d[0] > 0.0f ? all(0) : all(8)) + (p.d[2] > 0.0f ? all(0) : all(16));
  p.water_t = all(scene.is_diving ? 0.0f : kFar);
  p.hit_t = all(kFar);
  p.block = p.cell = p.face = all(0);
  p.limit = scene.limit;
  if (!scene.is_inside) return;
  advance(scene.cell, all(scene.word), packet);  // the first one, from the cell of the eye
}

constexpr U kLastCell = U{} + uint32_t(kNumCells - 1);

// Moves packets until none of their rays is in an empty box any more.
inline void move(const Scene& scene, Packet* packets, const int* who, int num) {
  int left[kChunk];
  std::memcpy(left, who, sizeof(int) * num);
  for (int round = 0; num > 0 && round < kMaxSteps; round++) {
    int still = 0;
    for (int m = 0; m < num; m++) {
      Packet& p = packets[left[m]];
      F cell[3];
      for (int k = 0; k < 3; k++) cell[k] = floor(fma(p.d[k], p.t, scene.origin[k]));
      const F row = fma(cell[1], all(float(kSizeZ)), cell[2]);  // whole numbers: exact
      const U index = bits<U>(to_i(fma(row, all(float(kSizeX)), cell[0])));
      p.index = bits<I>(index < kLastCell ? index : kLastCell);  // rays at their end: some cell
      p.word = gather(scene.game->boxes, p.index);
      left[still] = left[m];
      still += any(advance(cell, p.word, &p));
    }
    num = still;
  }
}

inline I is_opaque(const Scene& scene, const Packet& p, F t, const F cell[3], I face, I is_asked) {
  F place[3], u, v;
  place_in(scene, p, t, cell, place);
  face_uv(face, place, p, &u, &v);
  const I index = texel_index(tile_of(block_of(p.word), face), texel(u), texel(v), all(0));
  return gather(scene.tables->atlas, is_asked ? index : all(0)) < 0;  // its alpha is set
}

inline F meet_plant(const Scene& scene, const Packet& p, const F cell[3], I is_plant) {
  const F x = scene.origin[0] - cell[0], z = scene.origin[2] - cell[2];
  F best = all(kFar);
  for (int k = 0; k < 2; k++) {
    const F offset = k == 0 ? z - x : 1.0f - x - z;
    F speed = k == 0 ? p.d[0] - p.d[2] : p.d[0] + p.d[2];
    speed = magnitude(speed) < 1e-6f ? all(1e-6f) : speed;
    const F t = offset / speed;
    const F u = fma(p.d[0], t, x), v = fma(p.d[1], t, scene.origin[1]) - cell[1];
    I is_met = is_plant & (u > 0.0f) & (u < 1.0f) & (v > 0.0f) & (v < 1.0f);
    is_met &= (t > 0.0f) & (t < best);
    if (!any(is_met)) continue;
    is_met &= is_opaque(scene, p, t, cell, all(kCross), is_met);
    best = is_met ? t : best;
  }
  return best;
}

inline F meet_boxes(const Scene& scene, const Packet& p, const F cell[3], I is_boxes, I* face) {
  const F start_t = p.t - kBack;
  const I shape = is_boxes ? (p.word >> 24) & 127 : all(0);
  F best = all(kFar);
  for (int n = 0; n < kNumBoxes; n++) {
    const I packed = gather(scene.tables->shapes, kNumBoxes * shape + n);
    if (n == 1 && every(packed == scene.tables->unused_box)) break;
    F near[3], far[3];
    for (int k = 0; k < 3; k++) {
      const F low = to_f((packed >> (5 * k)) & 31) * (1.0f / 32);
      const F high = 1.0f - to_f((packed >> (15 + 5 * k)) & 31) * (1.0f / 32);  // exact
      const F base = cell[k] - scene.origin[k];
      const I is_up = p.d[k] > 0.0f;
      near[k] = (base + (is_up ? low : high)) * p.inverse[k];
      far[k] = (base + (is_up ? high : low)) * p.inverse[k];
    }
    const F t = greater(greater(near[0], near[1]), near[2]);
    const F end = lesser(lesser(far[0], far[1]), far[2]);
    const I is_met = is_boxes & (t < end) & (t > start_t) & (t < best);
    I on = near[1] >= t ? (p.d[1] > 0.0f ? all(kDown) : all(kUp)) : all(kSideZ);
    on = ((near[0] >= t) & (near[1] < t)) ? all(kSideX) : on;
    best = is_met ? t : best;
    *face = is_met ? on : *face;
  }
  return greater(best, all(0.0f));
}

inline void record(Packet* p, I is_met, F t, I face) {
  p->hit_t = is_met ? t : p->hit_t;
  p->block = is_met ? block_of(p->word) : p->block;
  p->cell = is_met ? p->index : p->cell;
  p->face = is_met ? face : p->face;
  p->t = is_met ? all(kFar) : p->t;
}

// What rays meet in cells that are no full opaque cubes; the others go on behind them.
inline void look(const Scene& scene, Packet* packet, const F cell[3], I is_asked) {
  Packet& p = *packet;
  const I is_plant = is_asked & ((p.word & kPlant) != 0);
  const I is_solid = is_asked & ~is_plant;
  const I is_boxes = is_solid & ((p.word & kBoxes) != 0);
  const I has_holes = is_solid & ((p.word & kHoles) != 0);
  F t = all(kFar), hop = all(0.0f);
  I face = all(0);
  if (any(is_boxes)) t = meet_boxes(scene, p, cell, is_boxes, &face);
  if (any(has_holes)) {
    I cube_face;
    const F cube_t = enter_cube(scene, p, cell, &cube_face);
    const I is_cube = has_holes & ~is_boxes;
    t = is_cube ? cube_t : t;
    face = is_cube ? cube_face : face;
    I is_hole = has_holes & (t < kFar);
    is_hole &= ~is_opaque(scene, p, t, cell, face, is_hole);
    hop = (is_hole & is_boxes) ? t + kHop : hop;
    t = is_hole ? all(kFar) : t;
  }
  if (any(is_plant)) {
    const F plant_t = meet_plant(scene, p, cell, is_plant);
    t = is_plant ? plant_t : t;
    face = is_plant ? all(kCross) : face;
  }
  const F behind = greater(leave(p, cell, all(0.0f), all(0.0f)), p.t + kMinStep);
  const I is_met = is_asked & (t < kFar);
  p.t = (is_asked & ~is_met) ? (hop > 0.0f ? hop : behind) : p.t;
  record(packet, is_met, t, face);
}

// Settles what the rays of a packet have come to; whether any goes on.
inline bool settle(const Scene& scene, Packet* packet) {
  Packet& p = *packet;
  const I is_inside = p.t < p.t_out;
  if (!any(is_inside)) return false;
  F cell[3];
  cell_of(p.index, cell);
  const I is_cube = is_inside & ((p.word & (kBlock | kLook)) == kBlock);
  if (any(is_cube)) {
    I face;
    const F t = enter_cube(scene, p, cell, &face);
    record(packet, is_cube, t, face);
  }
  const I is_other = is_inside & ~is_cube;
  if (!any(is_other)) return false;
  const I is_block = (p.word & kBlock) != 0;
  const I is_wet = is_other & ((p.word & (is_block ? all(kWet) : all(kWater))) != 0);
  p.water_t = is_wet ? lesser(p.water_t, p.t) : p.water_t;
  p.limit = p.water_t < kFar ? all(kBlock) : p.limit;
  const I is_asked = is_other & is_block;
  if (any(is_asked)) look(scene, packet, cell, is_asked);
  return any(p.t < p.t_out);
}

inline void trace(const Scene& scene, Packet* packets, int num) {
  int who[kChunk];
  for (int n = 0; n < num; n++) who[n] = n;
  for (int round = 0; num > 0 && round < kMaxRounds; round++) {
    move(scene, packets, who, num);
    int still = 0;
    for (int m = 0; m < num; m++) {
      const int n = who[m];
      who[still] = n;
      still += settle(scene, &packets[n]);
    }
    num = still;
  }
}

// The height of the highest block or water.
inline int top_of(const int32_t* boxes) {
  for (int y = kSizeY; y > 0; y--) {
    int32_t seen = 0;
    const int32_t* layer = boxes + (y - 1) * kSizeX * kSizeZ;
    for (int i = 0; i < kSizeX * kSizeZ; i++) seen |= layer[i];
    if (seen & (kBlock | kWater)) return y;
  }
  return 0;
}

inline Scene scene_of(const Tables& tables, const Game& game) {
  Scene scene{&tables, &game, {}, {}, {kSizeX, float(top_of(game.boxes)), kSizeZ}, {}, 0, true,
              false};
  bool is_in_world = true;
  float cell[3];
  for (int k = 0; k < 3; k++) {
    const float at = game.sheet.origin[k];
    cell[k] = std::floor(at);
    scene.origin[k] = all(at);
    scene.cell[k] = all(cell[k]);
    is_in_world &= at >= 0.0f && at < float(k == 1 ? kSizeY : scene.size[k]);
    // Not at the very border, where rays begin or end elsewhere.
    scene.is_inside &= at > kBorder && at < scene.size[k] - kBorder;
  }
  if (is_in_world) {
    scene.word = game.boxes[int((cell[1] * kSizeZ + cell[2]) * kSizeX + cell[0])];
    scene.is_diving = (scene.word & (kBlock | kWater)) == kWater;
  }
  scene.limit = all(scene.is_diving ? kBlock : kWater);
  return scene;
}

}  // namespace cross_jax
