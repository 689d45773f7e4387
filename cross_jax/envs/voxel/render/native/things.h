// Mobs, drops and shots on the rays of a packet: mobs.py.
#pragma once

#include <algorithm>

#include "trace.h"

namespace cross_jax {

constexpr float kSlack = 1e-3f;  // radians, so that rounding leaves out no packet
constexpr float kPi = 3.14159265f;

struct Seen {  // a thing that the view may show
  int number;
  float low[2], high[2];  // angles to the right and down
};

struct ThingHits {
  F t;
  I skin, side, is_hurt;
};

inline int seen_things(const Scene& scene, Seen* seen) {
  const Sheet& sheet = scene.game->sheet;
  int num = 0;
  for (int n = 0; n < kNumThings; n++) {
    const Body& body = scene.tables->bodies[scene.game->marks.thing_body[n]];
    if (body.radius <= 0) continue;
    float from_eye[3], at[3] = {0, 0, 0};
    for (int k = 0; k < 3; k++) {
      from_eye[k] = sheet.thing_pos[n][k] + (k == 1 ? body.middle : 0.0f) - sheet.origin[k];
    }
    for (int i = 0; i < 3; i++) {
      for (int k = 0; k < 3; k++) at[i] += sheet.axes[i][k] * from_eye[k];
    }
    Seen one{n, {}, {}};
    for (int i = 0; i < 2; i++) {
      const float reach = std::hypot(at[i], at[2]), angle = std::atan2(at[i], at[2]);
      const float spread = reach <= body.radius ? 2 * kPi : std::asin(body.radius / reach);
      one.low[i] = angle - spread - kSlack;
      one.high[i] = angle + spread + kSlack;
    }
    seen[num++] = one;
  }
  return num;
}

inline void hit_thing(const Scene& scene, const Packet& p, int number, ThingHits* best) {
  const Sheet& sheet = scene.game->sheet;
  const Marks& marks = scene.game->marks;
  const Body& body = scene.tables->bodies[marks.thing_body[number]];
  const float sine = sheet.thing_sin[number], cosine = sheet.thing_cos[number];
  float o[3];
  for (int k = 0; k < 3; k++) o[k] = sheet.origin[k] - sheet.thing_pos[number][k];
  // The thing's axes: left (cos, 0, sin), up, forward (-sin, 0, cos).
  const float origin[3] = {std::fma(cosine, o[0], sine * o[2]), o[1],
                           std::fma(cosine, o[2], -(sine * o[0]))};
  F d[3] = {fma(all(cosine), p.d[0], sine * p.d[2]), p.d[1],
            fma(all(cosine), p.d[2], -(sine * p.d[0]))};
  F inverse[3];
  for (int k = 0; k < 3; k++) {
    d[k] = magnitude(d[k]) < 1e-6f ? all(1e-6f) : d[k];
    inverse[k] = 1.0f / d[k];
  }
  for (int n = 0; n < kMaxParts; n++) {
    if (body.half[n][0] <= 0) continue;
    F near[3], far[3];
    for (int k = 0; k < 3; k++) {
      const F middle = (body.centre[n][k] - origin[k]) * inverse[k];
      const F extent = magnitude(inverse[k]) * body.half[n][k];  // used twice: not fused
      near[k] = middle - extent;
      far[k] = middle + extent;
    }
    const F t = greater(greater(near[0], near[1]), near[2]);
    const F end = lesser(lesser(far[0], far[1]), far[2]);
    const I is_met = (t < end) & (t > kMinStep) & (t < best->t);
    if (!any(is_met)) continue;
    F place[3];  // 0..1 on each axis
    for (int k = 0; k < 3; k++) {
      const float scale = 0.5f / std::max(body.half[n][k], 1e-6f);
      place[k] = fma(fma(d[k], t, all(origin[k])) - body.centre[n][k], all(scale), all(0.5f));
    }
    const I on_x = near[0] >= t, on_y = near[1] >= t;
    const F u = on_x ? place[2] : place[0], v = on_y ? place[2] : 1.0f - place[1];
    I tile = all(int32_t(body.tile[n]) + marks.thing_tile[number]);
    if (number < kMaxMobs) tile -= ~on_x & ~on_y & (d[2] < 0.0f);  // the front's is the next
    const I row = to_i(clip(8.0f * v, 0.0f, 7.0f)), column = to_i(clip(8.0f * u, 0.0f, 7.0f));
    best->t = is_met ? t : best->t;
    best->skin = is_met ? tile * 64 + row * 8 + column : best->skin;
    best->side = is_met ? (on_y ? all(0) : on_x ? all(2) : all(1)) : best->side;
    best->is_hurt = is_met ? all(marks.thing_hurt[number] ? -1 : 0) : best->is_hurt;
  }
}

// The nearest thing on every ray; `angles`: the packet's least and greatest, to the right and down.
inline bool hit_things(const Scene& scene, const Packet& p, const Seen* seen, int num,
                       const float angles[2][2], ThingHits* hits) {
  hits->t = all(kFar);
  hits->skin = hits->side = hits->is_hurt = all(0);
  bool is_any = false;
  for (int n = 0; n < num; n++) {
    const Seen& one = seen[n];
    bool is_near = true;
    for (int i = 0; i < 2; i++) {
      is_near &= one.low[i] <= angles[i][1] && one.high[i] >= angles[i][0];
    }
    if (!is_near) continue;
    hit_thing(scene, p, one.number, hits);
    is_any = true;
  }
  return is_any;
}

}  // namespace cross_jax
