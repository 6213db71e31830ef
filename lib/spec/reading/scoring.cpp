// `scoring` of a parallel_run_config: what a model is fed, and the row that it gives.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "pipeline/row_template.h"
#include "spec/reading/readers.h"

namespace mlpipe::spec {
namespace {

constexpr Range side_range{1, 16384};

std::vector<int> read_size(const MapReader& map, std::string_view key) {
  std::vector<int> size;
  const auto numbers = map.numbers(key, side_range);
  for (const double number : numbers) {
    if (number != std::floor(number))
      map.context().error(map.where_of(key), fmt::format("{} must be whole pixels, got {}", map.named(key), number));
    size.push_back(static_cast<int>(number));
  }
  const Entry* entry = map.has(key) ? map.given(key) : nullptr;
  const std::size_t written = !entry ? 1 : entry->value.node->kind == Node::Kind::sequence ? entry->value.node->items.size() : 1;
  if (written < 1 || written > 2)
    map.context().error(entry->value.where, fmt::format("{} must be one number or [height, width], got {}", map.named(key),
                                                        plural(written, "number")));
  return size;
}

std::vector<double> read_channels(const MapReader& map, std::string_view key, const std::string& mode, const Range& range) {
  const auto numbers = map.numbers(key, range);
  const std::size_t channels = mode == "L" ? 1 : 3;
  if (!numbers.empty() && numbers.size() != channels)
    map.context().error(map.given(key)->value.where, fmt::format("{} has {}, but mode {} has {}", map.named(key),
                                                                 plural(numbers.size(), "number"), mode, plural(channels, "channel")),
                        "give one number a channel");
  return numbers;
}

void read_image(Context& context, const Value& value, const std::string& owner, ImageSpec& image) {
  const MapReader map(context, value, owner, {"resize", "crop", "mode", "mean", "std"}, MapReader::Values::with_parameters,
                      "scoring.image");
  if (!map.valid()) return;
  image.resize = read_size(map, "resize");
  image.crop = read_size(map, "crop");
  const std::vector<std::pair<std::string, std::string>> modes = {{"RGB", "RGB"}, {"L", "L"}};
  if (const auto mode = map.choice("mode", modes)) image.mode = *mode;
  image.mean = read_channels(map, "mean", image.mode, {-1e6, 1e6});
  image.std = read_channels(map, "std", image.mode, {0, 1e6, true});
  if (image.resize.size() == 2 && !image.crop.empty() && (image.crop.front() > image.resize[0] || image.crop.back() > image.resize[1]))
    context.error(map.given("crop")->value.where, fmt::format("{} is larger than `resize`", map.named("crop")),
                  "crop what is left after resizing");
}

void read_row(const MapReader& map, Scoring& scoring) {
  const auto output = map.text("output");
  if (!output) return;
  scoring.output = {output->text, location(output->where)};
  if (output->text.find('\n') != std::string::npos)
    return map.context().error(output->where, fmt::format("{} is the row of one item: it cannot have a line break", map.named("output")),
                               "write it on one line, in quotes");
  const auto parsed = RowTemplate::parse(output->text);
  if (!parsed) map.context().error(output->where, fmt::format("{}: {}", map.named("output"), parsed.error().message), parsed.error().hint);
}

void refuse_what_comes_later(const MapReader& map, const Scoring& scoring) {
  const auto refuse = [&](std::string_view key, std::string_view what, std::string hint) {
    map.context().error(map.where_of(key), fmt::format("{}: {}", map.named(key), what), std::move(hint));
  };
  if (scoring.input == ScoringInput::table) refuse("input", "tables are not yet scored", "image or array");
  if (scoring.numerics == Numerics::fast) refuse("numerics", "only strict is there, fast is not yet", "remove the key");
  if (scoring.device != "cpu") refuse("device", fmt::format("only cpu is there, `{}` is not yet", scoring.device), "remove the key");
}

}  // namespace

void read_scoring(Context& context, const Value& value, const std::string& owner, Scoring& scoring) {
  const MapReader map(context, value, owner, {"input", "image", "columns", "output", "batch_size", "numerics", "device"},
                      MapReader::Values::with_parameters, "scoring");
  if (!map.valid()) return;
  const std::vector<std::pair<std::string, ScoringInput>> inputs = {{"image", ScoringInput::image}, {"table", ScoringInput::table},
                                                                    {"array", ScoringInput::array}};
  const std::vector<std::pair<std::string, Numerics>> numerics = {{"strict", Numerics::strict}, {"fast", Numerics::fast}};
  if (const auto input = map.choice("input", inputs)) scoring.input = *input;
  if (const auto kind = map.choice("numerics", numerics)) scoring.numerics = *kind;
  if (const auto size = map.integer("batch_size", {1, 65536})) scoring.batch_size = static_cast<int>(*size);
  if (const auto device = map.text("device")) scoring.device = lower(device->text);
  for (const Scalar& column : map.texts("columns")) scoring.columns.push_back(column.text);
  read_row(map, scoring);
  if (const Value* image = map.map("image")) read_image(context, *image, owner, scoring.image);
  if (map.has("image") && scoring.input != ScoringInput::image)
    context.error(map.where_of("image"), fmt::format("{} goes with `input: image`", map.named("image")), "remove it");
  if (map.has("columns") && scoring.input != ScoringInput::table)
    context.error(map.where_of("columns"), fmt::format("{} goes with `input: table`", map.named("columns")), "remove it");
  refuse_what_comes_later(map, scoring);
}

}  // namespace mlpipe::spec
