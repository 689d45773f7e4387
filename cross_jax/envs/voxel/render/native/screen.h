// HUD and GUI over a picture of packed colours: overlay.py, hud.py, hand.py and gui_picture.py.
//
// What every sample of a view shows is worked out in Python (screen_lists.py), as lists of samples.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "game.h"
#include "lanes.h"

namespace cross_jax {

constexpr int kMaxScreens = 32, kHotbarSlots = 9;
constexpr float kDarken = 0.36f, kHighlight = 0.35f;
constexpr uint32_t kRedBlue = 0xFF00FF, kGreen = 0xFF00;

inline constexpr int32_t rgb(int red, int green, int blue) {
  return red | green << 8 | blue << 16;
}
constexpr int32_t kHeart = rgb(225, 24, 24), kFood = rgb(178, 112, 48), kPlate = rgb(200, 204, 212);
constexpr int32_t kBubble = rgb(96, 160, 236), kGone = rgb(40, 24, 24);
constexpr int32_t kWhite = rgb(240, 240, 240), kFlame = rgb(250, 150, 30);
constexpr int32_t kArrow = rgb(245, 245, 245), kCursorWhite = rgb(255, 255, 255);
constexpr int32_t kCursorEdge = rgb(16, 16, 16);

struct List {
  int32_t num, first;  // entries, and where they begin in the plan
};

struct Plan {  // screen_lists.Header, at the beginning of a view's plan
  float origin[2], step[2], pixel_angle;
  int32_t level;
  int32_t hand_box[4];  // its rows and columns: y0, y1, x0, x1
  int32_t hand_most[2];
  List arm, tool;             // row, column, colour or texel
  List crosshair, bar;        // sample, colour with alpha
  List bar_icons;             // sample, slot, texel
  List selected[kHotbarSlots];  // sample, colour
  List hearts, food, armor, air;  // sample, number, share
  List chat[2];
  List panel[2][kMaxScreens], panel_icons[2][kMaxScreens];
  List flame[2], arrow[2];    // sample, float: progress from which it is filled
  List every_packet, uncovered[2][kMaxScreens];  // packets, all and those a panel leaves to be seen
};
constexpr int kPlanInts = sizeof(Plan) / sizeof(int32_t);

class Screen {
 public:
  Screen(const int32_t* plan, const Tables& tables, int width, int height, int32_t* image)
      : ints_(plan), plan_(*reinterpret_cast<const Plan*>(plan)), tables_(tables), width_(width),
        height_(height), image_(image) {}

  void draw(const Game& game) {
    draw_hud(game);
    if (!game.marks.is_gui_open) return;
    darken();
    draw_panel(game);
    draw_cursor(game);
  }

 private:
  static int32_t lerp(int32_t under_word, int32_t over_word, uint32_t share) {
    const uint32_t under = under_word, over = over_word, keep = 256 - share;
    const uint32_t red_blue = ((under & kRedBlue) * keep + (over & kRedBlue) * share) >> 8;
    const uint32_t green = ((under & kGreen) * keep + (over & kGreen) * share) >> 8;
    return int32_t((red_blue & kRedBlue) | (green & kGreen));
  }

  static uint32_t share_of(float alpha) { return uint32_t(alpha * 256 + 0.5f); }

  static int32_t blend(int32_t under, int32_t over) {
    const uint32_t share = uint32_t(over) >> 24;
    return lerp(under, over, share + (share >> 7));
  }

  const int32_t* entries(const List& list) const { return ints_ + list.first; }

  void lay(const List& list) {
    const int32_t* at = entries(list);
    for (int n = 0; n < list.num; n++, at += 2) image_[at[0]] = blend(image_[at[0]], at[1]);
  }

  void put_icon(int32_t* sample, int32_t item, int32_t count, int32_t texel) {
    *sample = blend(*sample, tables_.icons[item * kTileWords + texel]);
    if (count > 1) *sample = blend(*sample, tables_.counts[count * kTileWords + texel]);
  }

  void draw_icons(const List& list, const Game& game) {
    const int32_t* at = entries(list);
    for (int n = 0; n < list.num; n++, at += 3) {
      const int32_t item = game.icon_items[at[1]];
      if (item > 0) put_icon(&image_[at[0]], item, game.icon_counts[at[1]], at[2]);
    }
  }

  void highlight(const List& list, int32_t slot) {
    const int32_t* at = entries(list);
    for (int n = 0; n < list.num; n++, at += 3) {
      if (at[1] == slot) image_[at[0]] = lerp(image_[at[0]], kWhite, share_of(kHighlight));
    }
  }

  // Ten icons, `value` of them full; kGone stands for none of the others where it is not drawn.
  void draw_ten(const List& list, float value, int32_t full, bool is_rest_drawn) {
    const int32_t* at = entries(list);
    for (int n = 0; n < list.num; n++, at += 3) {
      const bool is_full = float(at[1]) < value;
      if (is_full || is_rest_drawn) {
        image_[at[0]] = lerp(image_[at[0]], is_full ? full : kGone, at[2]);
      }
    }
  }

  void draw_hand(const Game& game) {
    const int32_t item = game.marks.held;
    const int row = plan_.hand_box[0] - int(std::nearbyint(game.sheet.swing * plan_.hand_most[0]));
    const int col = plan_.hand_box[2] - int(std::nearbyint(game.sheet.swing * plan_.hand_most[1]));
    const List& list = item > 0 ? plan_.tool : plan_.arm;
    const int32_t* at = entries(list);
    for (int n = 0; n < list.num; n++, at += 3) {
      const int y = row + at[0], x = col + at[1];
      if (y < plan_.hand_box[0] || y >= plan_.hand_box[1]) continue;
      if (x < plan_.hand_box[2] || x >= plan_.hand_box[3]) continue;
      const int32_t word = item > 0 ? tables_.icons[item * kTileWords + at[2]] : at[2];
      image_[y * width_ + x] = blend(image_[y * width_ + x], word);
    }
  }

  void draw_hud(const Game& game) {
    const Sheet& sheet = game.sheet;
    const Marks& marks = game.marks;
    draw_hand(game);
    lay(plan_.crosshair);
    lay(plan_.bar);
    draw_icons(plan_.bar_icons, game);
    lay(plan_.selected[marks.hotbar]);
    draw_ten(plan_.hearts, sheet.health, kHeart, true);
    draw_ten(plan_.food, sheet.food, kFood, true);
    if (sheet.armor > 0) draw_ten(plan_.armor, sheet.armor, kPlate, true);
    if (marks.is_wet) draw_ten(plan_.air, sheet.air, kBubble, false);
    if (marks.chat >= 0) lay(plan_.chat[marks.chat]);
  }

  void darken() {
    const uint32_t keep = 256 - share_of(1.0f - kDarken);
    for (int n = 0; n < width_ * height_; n++) {
      const uint32_t word = image_[n];
      const uint32_t red_blue = ((word & kRedBlue) * keep) >> 8 & kRedBlue;
      image_[n] = int32_t(red_blue | (((word & kGreen) * keep) >> 8 & kGreen));
    }
  }

  void fill(const List& list, float progress, int32_t word) {
    const int32_t* at = entries(list);
    for (int n = 0; n < list.num; n++, at += 2) {
      float from;
      std::memcpy(&from, at + 1, sizeof from);
      if (from < progress) image_[at[0]] = word;
    }
  }

  void draw_panel(const Game& game) {
    const Marks& marks = game.marks;
    const List& icons = plan_.panel_icons[marks.group][marks.screen];
    lay(plan_.panel[marks.group][marks.screen]);
    if (marks.hovered >= 0) highlight(icons, marks.hovered);
    if (marks.chosen >= 0) highlight(icons, marks.chosen);
    draw_icons(icons, game);
    if (!marks.is_furnace) return;
    fill(plan_.flame[marks.group], game.sheet.burn, kFlame);
    fill(plan_.arrow[marks.group], game.sheet.cook, kArrow);
  }

  // Whole px from the cursor to sample n of an axis.
  float from_cursor(const Game& game, int axis, int n) const {
    const float at = std::fma(float(n) + 0.5f, plan_.step[axis], plan_.origin[axis]);
    return std::floor(at - game.sheet.cursor[axis]);
  }

  // The samples of an axis that may lie from `low` to `high` px of the cursor.
  void reach(const Game& game, int axis, float low, float high, int* first, int* last) const {
    const float most = 10000.0f;  // px: a cursor off the screen is anywhere there
    const float at = std::min(most, std::max(-most, game.sheet.cursor[axis]));  // NaN: -most
    const float cursor = at - plan_.origin[axis];
    const int size = axis == 0 ? width_ : height_;
    *first = std::max(0, int(std::floor((cursor + low) / plan_.step[axis])) - 1);
    *last = std::min(size, int(std::ceil((cursor + high) / plan_.step[axis])) + 2);
  }

  static bool is_cursor(float u, float v, float margin) {
    const bool is_head = u >= -margin && v >= -margin && u + v < 12.0f + 1.5f * margin;
    const bool is_tail = std::fabs(u - v) < 3.0f + margin && u >= -margin && u < 16.0f + margin;
    return is_head || (is_tail && v >= -margin && v < 16.0f + margin);
  }

  void draw_cursor(const Game& game) {
    const Marks& marks = game.marks;
    int y0, y1, x0, x1;
    reach(game, 0, -9.0f, 18.0f, &x0, &x1);
    reach(game, 1, -9.0f, 18.0f, &y0, &y1);
    for (int y = y0; y < y1; y++) {
      const float v = from_cursor(game, 1, y);
      for (int x = x0; x < x1; x++) {
        const float u = from_cursor(game, 0, x);
        int32_t* sample = &image_[y * width_ + x];
        const int i = int(u) + 8, j = int(v) + 8;  // the held stack's centre is at the cursor
        if (marks.stack_item > 0 && i >= 0 && i < 16 && j >= 0 && j < 16) {
          const int side = plan_.level, row = 16 >> side;
          const int texel = first_texel(side) + (j >> side) * row + (i >> side);
          put_icon(sample, marks.stack_item, marks.stack_count, texel);
        }
        if (is_cursor(u, v, 1.0f)) *sample = kCursorEdge;
        if (is_cursor(u, v, 0.0f)) *sample = kCursorWhite;
      }
    }
  }

  static int first_texel(int level) { return ((1024 - (1024 >> (2 * level))) * 171) >> 9; }

  const int32_t* ints_;
  const Plan& plan_;
  const Tables& tables_;
  const int width_, height_;
  int32_t* image_;
};

}  // namespace cross_jax
