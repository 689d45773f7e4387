// The pictures of a batch of games as a custom call of XLA on a CPU: frame.render_batch.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "screen.h"
#include "shade.h"
#include "xla/ffi/api/ffi.h"

namespace cross_jax {
namespace {

namespace ffi = xla::ffi;

constexpr int kSide = 4;  // samples of a packet on a side

struct View {
  int width, height;
  const float* camera;  // [packets][3][kLanes]
  const float* angles;  // [packets][2][2]
  const int32_t* plan;

  const Plan& header() const { return *reinterpret_cast<const Plan*>(plan); }
};

// The world of one game as packed colours, int32[height][width].
void draw_world(const Scene& scene, const View& view, Packet* packets, int32_t* image) {
  const Plan& plan = view.header();
  const Marks& marks = scene.game->marks;
  const List& shown =
      marks.is_gui_open ? plan.uncovered[marks.group][marks.screen] : plan.every_packet;
  const int32_t* numbers = view.plan + shown.first;
  const int columns = (view.width + kSide - 1) / kSide;
  Seen seen[kNumThings];
  ThingHits things[kChunk];
  const ThingHits* shown_things[kChunk];
  const int num_seen = seen_things(scene, seen);
  for (int first = 0; first < shown.num; first += kChunk, numbers += kChunk) {
    const int num = std::min(kChunk, shown.num - first);
    for (int n = 0; n < num; n++) {
      start(scene, view.camera + size_t(numbers[n]) * 3 * kLanes, &packets[n]);
    }
    trace(scene, packets, num);
    for (int n = 0; n < num; n++) {
      const float* a = view.angles + size_t(numbers[n]) * 4;
      const float angles[2][2] = {{a[0], a[1]}, {a[2], a[3]}};
      const bool is_any =
          num_seen > 0 && hit_things(scene, packets[n], seen, num_seen, angles, &things[n]);
      shown_things[n] = is_any ? &things[n] : nullptr;
      light_up(scene, shown_things[n], &packets[n]);
    }
    for (int n = 0; n < num; n++) {
      const I word = shade(scene, packets[n], shown_things[n], plan.pixel_angle);
      int32_t words[kLanes];
      std::memcpy(words, &word, sizeof words);
      const int y0 = numbers[n] / columns * kSide, x0 = numbers[n] % columns * kSide;
      const int cols = std::min(kSide, view.width - x0), rows = std::min(kSide, view.height - y0);
      for (int y = 0; y < rows; y++) {
        int32_t* to = image + size_t(y0 + y) * view.width + x0;
        if (cols == kSide) {  // a constant size takes one instruction
          std::memcpy(to, words + kSide * y, sizeof(int32_t) * kSide);
        } else {
          std::memcpy(to, words + kSide * y, sizeof(int32_t) * cols);
        }
      }
    }
  }
}

// Packed colours as bytes, four samples at a time: 16 bytes in, 12 out.
void to_bytes(const int32_t* words, int num, uint8_t* out) {
  typedef uint8_t Bytes __attribute__((vector_size(16)));
  int n = 0;
  for (; n + 8 <= num; n += 4) {  // each writes over the last four bytes of the one before
    const Bytes in = load<Bytes>(words + n);
#ifdef __clang__
    const Bytes packed =
        __builtin_shufflevector(in, in, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);
#else
    const Bytes packed =
        __builtin_shuffle(in, Bytes{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0});
#endif
    std::memcpy(out + 3 * n, &packed, sizeof packed);
  }
  for (; n < num; n++) std::memcpy(out + 3 * n, words + n, 3);
}

struct Batch {
  View view;
  Tables tables;
  int num_games, num_icons;
  const int32_t* boxes;
  const uint8_t* light;
  const int32_t* glow;
  const float* sheets;
  const int32_t* marks;
  const int32_t* icon_items;
  const int32_t* icon_counts;
  uint8_t* out;
};

void draw_game(const Batch& batch, int b) {
  thread_local std::vector<Packet> room(kChunk);
  thread_local std::vector<int32_t> image;
  const int num = batch.view.width * batch.view.height;
  image.resize(num);
  Game game{batch.boxes + size_t(b) * kNumCells, batch.light + size_t(b) * kNumCells,
            batch.glow + size_t(b) * kNumLevels, batch.icon_items + size_t(b) * batch.num_icons,
            batch.icon_counts + size_t(b) * batch.num_icons, {}, {}};
  std::memcpy(&game.sheet, batch.sheets + size_t(b) * kSheetFloats, sizeof(Sheet));
  std::memcpy(&game.marks, batch.marks + size_t(b) * kMarksInts, sizeof(Marks));
  draw_world(scene_of(batch.tables, game), batch.view, room.data(), image.data());
  Screen(batch.view.plan, batch.tables, batch.view.width, batch.view.height, image.data())
      .draw(game);
  to_bytes(image.data(), num, batch.out + size_t(b) * num * 3);
}

// Threads take games in turn; the one that called works too, so that it never waits for a thread
// that has not begun.
struct Turns {
  std::atomic<int> next{0}, done{0};
  std::mutex mutex;
  std::condition_variable is_over;
};

void work(const Batch& batch, Turns* turns) {
  for (int b; (b = turns->next.fetch_add(1)) < batch.num_games;) {
    draw_game(batch, b);
    if (turns->done.fetch_add(1) + 1 == batch.num_games) {
      std::lock_guard<std::mutex> lock(turns->mutex);
      turns->is_over.notify_all();
    }
  }
}

template <ffi::DataType T>
bool has_size(const ffi::Buffer<T>& buffer, size_t size) {
  return buffer.element_count() == size;
}

ffi::Error draw_pictures(ffi::ThreadPool pool, ffi::Buffer<ffi::S32> boxes,
                         ffi::Buffer<ffi::U8> light, ffi::Buffer<ffi::S32> glow,
                         ffi::Buffer<ffi::F32> sheets, ffi::Buffer<ffi::S32> marks,
                         ffi::Buffer<ffi::S32> icon_items, ffi::Buffer<ffi::S32> icon_counts,
                         ffi::Buffer<ffi::F32> camera, ffi::Buffer<ffi::F32> angles,
                         ffi::Buffer<ffi::S32> plan, ffi::Buffer<ffi::S32> atlas,
                         ffi::Buffer<ffi::S32> icons, ffi::Buffer<ffi::S32> counts,
                         ffi::Buffer<ffi::S32> shapes, ffi::Buffer<ffi::F32> bodies,
                         ffi::Result<ffi::Buffer<ffi::U8>> out, int32_t first_skin,
                         int32_t unused_box) {
  const auto shape = out->dimensions();  // [games, height, width, 3]
  const int games = int(shape[0]), height = int(shape[1]), width = int(shape[2]);
  const size_t packets = size_t((width + kSide - 1) / kSide) * ((height + kSide - 1) / kSide);
  const int num_icons = games > 0 ? int(icon_items.element_count() / games) : 0;
  const Plan& header = *reinterpret_cast<const Plan*>(plan.typed_data());
  if (!has_size(boxes, size_t(games) * kNumCells) || !has_size(light, size_t(games) * kNumCells) ||
      !has_size(glow, size_t(games) * kNumLevels) ||
      !has_size(sheets, size_t(games) * kSheetFloats) ||
      !has_size(marks, size_t(games) * kMarksInts) ||
      !has_size(icon_counts, icon_items.element_count()) ||
      !has_size(camera, packets * 3 * kLanes) || !has_size(angles, packets * 4) ||
      plan.element_count() < size_t(kPlanInts) || header.arm.first != kPlanInts ||
      bodies.element_count() % kBodyFloats != 0) {
    return ffi::Error::InvalidArgument("the arrays do not have the sizes of game.h and screen.h");
  }
  const View view{width, height, camera.typed_data(), angles.typed_data(), plan.typed_data()};
  const Tables tables{atlas.typed_data(), icons.typed_data(), counts.typed_data(),
                      shapes.typed_data(), reinterpret_cast<const Body*>(bodies.typed_data()),
                      first_skin, unused_box};
  const Batch batch{view, tables, games, num_icons, boxes.typed_data(), light.typed_data(),
                    glow.typed_data(), sheets.typed_data(), marks.typed_data(),
                    icon_items.typed_data(), icon_counts.typed_data(), out->typed_data()};
  auto turns = std::make_shared<Turns>();
  const int helpers = std::min(int(pool.num_threads()), games) - 1;
  for (int n = 0; n < helpers; n++) {
    pool.Schedule([batch, turns] { work(batch, turns.get()); });
  }
  work(batch, turns.get());
  std::unique_lock<std::mutex> lock(turns->mutex);
  turns->is_over.wait(lock, [&] { return turns->done.load() >= games; });
  return ffi::Error::Success();
}

}  // namespace
}  // namespace cross_jax

XLA_FFI_DEFINE_HANDLER_SYMBOL(CrossJaxDrawPictures, cross_jax::draw_pictures,
                              xla::ffi::Ffi::Bind()
                                  .Ctx<xla::ffi::ThreadPool>()
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // boxes
                                  .Arg<xla::ffi::Buffer<xla::ffi::U8>>()   // light
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // glow
                                  .Arg<xla::ffi::Buffer<xla::ffi::F32>>()  // sheets
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // marks
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // icon_items
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // icon_counts
                                  .Arg<xla::ffi::Buffer<xla::ffi::F32>>()  // camera
                                  .Arg<xla::ffi::Buffer<xla::ffi::F32>>()  // angles
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // plan
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // atlas
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // icons
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // counts
                                  .Arg<xla::ffi::Buffer<xla::ffi::S32>>()  // shapes
                                  .Arg<xla::ffi::Buffer<xla::ffi::F32>>()  // bodies
                                  .Ret<xla::ffi::Buffer<xla::ffi::U8>>()
                                  .Attr<int32_t>("first_skin")
                                  .Attr<int32_t>("unused_box"));
