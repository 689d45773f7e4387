// Colours of what rays hit: shade.py and glow.py, with the same constants.
#pragma once

#include "things.h"

namespace cross_jax {

constexpr float kFront = 0.01f, kOutlineWidth = 0.016f, kOutlineShade = 0.25f, kCrackShade = 0.35f;
constexpr float kFogStart = 14.0f, kFogLength = 40.0f, kFogMost = 0.85f;
constexpr float kWaterClear = 0.32f, kWaterLength = 10.0f, kWaterMost = 0.92f;
constexpr float kDiverHalf = 17.0f, kDiverSky = 40.0f;
constexpr float kFlash[3] = {240.0f, 40.0f, 40.0f}, kFlashShare = 0.45f, kSideStep = 0.15f;
constexpr float kLightOfFace[8] = {1.0f, 0.5f, 0.64f, 0.8f, 0.95f};
constexpr float kWhiteCap = 250.0f;
constexpr int32_t kOpenSky = 15 << 4;  // light.OPEN_SKY

// Whether faces lie across axis k.
inline I is_across(I face, int k) {
  return k == 0 ? face == kSideX : k == 1 ? face <= kDown : face == kSideZ;
}

// The levels of light just before what rays hit.
inline I level_before(const Scene& scene, const Packet& p, F t) {
  I at[3];
  for (int k = 0; k < 3; k++) {
    const F before = p.d[k] > 0.0f ? all(kFront) : all(-kFront);
    at[k] = to_i(fma(p.d[k], t, scene.origin[k]) - (is_across(p.face, k) ? before : all(0.0f)));
  }
  I index = (at[1] * kSizeZ + at[2]) * kSizeX + at[0];
  index = lesser(greater(index, all(0)), all(kNumCells - 1));
  const int32_t* words = reinterpret_cast<const int32_t*>(scene.game->light);
  I level = right(gather(words, index >> 2), (index & 3) << 3) & 255;  // little-endian
  return at[1] < kSizeY ? level : all(kOpenSky);
}

// The light of a packet, before `shade`: of a whole chunk at once, so that the branches of colours
// need not wait for what is read here.
inline void light_up(const Scene& scene, const ThingHits* things, Packet* packet) {
  Packet& p = *packet;
  const F t = things != nullptr ? lesser(p.hit_t, things->t) : p.hit_t;
  const I is_seen = t < kFar;
  if (!any(is_seen)) return;
  p.level = level_before(scene, p, is_seen ? t : all(0.0f));
}

// The crack on the mined block and the outline of the aimed one.
inline F marks_on(const Scene& scene, const Packet& p, const F place[3], I word,
                  float pixel_angle) {
  const Sheet& sheet = scene.game->sheet;
  const Marks& marks = scene.game->marks;
  F edge = all(1.0f);
  for (int k = 0; k < 3; k++) {
    const F inside = lesser(place[k] - sheet.aim_low[k], sheet.aim_high[k] - place[k]);
    edge = lesser(edge, is_across(p.face, k) ? all(1.0f) : inside);
  }
  const F width = greater(all(kOutlineWidth), p.hit_t * pixel_angle);  // at least one sample
  const I is_line = (p.cell == marks.aim_cell) & (edge < width) & (p.face != kCross);
  const I is_crack = (p.cell == marks.mine_cell) & (((word >> 24) & 127) < marks.cracks);
  return is_line ? all(kOutlineShade) : is_crack ? all(kCrackShade) : all(1.0f);
}

// What rays show of blocks and things, before water; `sky`: null where all is near and clear.
inline void shade_solid(const Scene& scene, const Packet& p, const ThingHits* things, F t,
                        float pixel_angle, const F* sky, F out[3]) {
  const I is_block = p.hit_t < kFar, is_sky = t >= kFar;
  const F hit_t = is_block ? p.hit_t : all(0.0f);
  F cell[3], place[3], u, v;
  cell_of(p.cell, cell);
  place_in(scene, p, hit_t, cell, place);
  face_uv(p.face, place, p, &u, &v);
  I level = (bits<I>(hit_t * (1.4f * 16) * pixel_angle) >> 23) - 127;  // log2 of texels a sample
  level = lesser(greater(level, all(0)), all(4));
  I index = texel_index(tile_of(p.block, p.face), texel(u), texel(v), level);
  I is_thing = all(0);
  if (things != nullptr) {
    is_thing = things->t < p.hit_t;
    index = is_thing ? scene.tables->first_skin + things->skin : index;
  }
  const I word = gather(scene.tables->atlas, index);
  F light = pick(p.face, kLightOfFace);
  const Marks& marks = scene.game->marks;
  if (any(is_block & ((p.cell == marks.aim_cell) | (p.cell == marks.mine_cell)))) {
    const F shade = light * marks_on(scene, p, place, word, pixel_angle);
    light = is_block ? shade : light;
  }
  F flash = all(0.0f);
  if (things != nullptr) {
    light = is_thing ? fma(to_f(things->side), all(-kSideStep), all(1.0f)) : light;
    flash = (is_thing & things->is_hurt) ? all(kFlashShare) : flash;
  }
  // Most packets lie in one light, such as that of the open sky.
  const int32_t* colours = scene.game->glow;
  const I glow = is_one(p.level) ? all(colours[p.level[0]]) : gather(colours, p.level);
  for (int i = 0; i < 3; i++) {
    F channel = to_f((word >> (8 * i)) & 255);
    if (things != nullptr) channel = fma(flash, kFlash[i] - channel, channel);
    out[i] = channel * light * (to_f((glow >> (8 * i)) & 255) * (1.0f / 255));
  }
  if (sky == nullptr) return;
  const F open_air = to_f(right(glow, all(24))) * (1.0f / 255);  // no bright fog in a cave
  const F fog = clip((t - kFogStart) * (1 / kFogLength), 0.0f, kFogMost) * open_air;
  for (int i = 0; i < 3; i++) out[i] = is_sky ? sky[i] : fma(fog, sky[i] - out[i], out[i]);
}

// Packed colours of a packet, red in the lowest byte.
inline I shade(const Scene& scene, const Packet& p, const ThingHits* things, float pixel_angle) {
  const Sheet& sheet = scene.game->sheet;
  const F t = things != nullptr ? lesser(p.hit_t, things->t) : p.hit_t;
  const I is_sky = t >= kFar;
  F sky[3], out[3];
  const bool is_far = any(t > kFogStart);
  const F up = clip(2.0f * p.d[1], 0.0f, 1.0f);
  if (is_far) {
    const F down = clip(-5.0f * p.d[1], 0.0f, 1.0f);
    for (int i = 0; i < 3; i++) {
      const float middle = sheet.horizon[i];
      const F above = fma(up, all(sheet.zenith[i] - middle), all(middle));
      out[i] = sky[i] = fma(down, all(sheet.haze[i] - middle), above) * sheet.night_sky[i];
    }
  }
  if (!every(is_sky)) {
    shade_solid(scene, p, things, t, pixel_angle, is_far ? sky : nullptr, out);
  }
  const I is_wet = p.water_t < t;
  if (any(is_wet)) {
    const F length = (is_sky ? all(kWaterLength) : t) - p.water_t;
    const F above = fma(length, all(1 / kWaterLength), all(kWaterClear));
    const F far = is_sky ? fma(up, all(-0.75f * kDiverSky), all(kDiverSky)) : t;
    const F square = far * far;  // used twice: not fused
    const F below = square / (square + kDiverHalf * kDiverHalf);
    const F tint = clip(p.water_t <= 0.0f ? below : above, kWaterClear, kWaterMost);
    for (int i = 0; i < 3; i++) {
      out[i] = is_wet ? fma(tint, sheet.water[i] - out[i], out[i]) : out[i];
    }
  }
  I word = all(0);
  for (int i = 0; i < 3; i++) word |= to_i(clip(out[i], 0.0f, kWhiteCap)) << (8 * i);
  return word;
}

}  // namespace cross_jax
