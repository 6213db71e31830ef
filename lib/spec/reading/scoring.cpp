// `scoring` of a parallel_run_config: what a model is fed, and the row that it gives.
#include <fmt/format.h>

#include <algorithm>
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
  const MapReader map(context, value, owner, {"resize", "crop", "mode", "mean", "std", "layout", "exif"}, MapReader::Values::with_parameters,
                      "scoring.image");
  if (!map.valid()) return;
  image.resize = read_size(map, "resize");
  image.crop = read_size(map, "crop");
  const std::vector<std::pair<std::string, std::string>> modes = {{"RGB", "RGB"}, {"L", "L"}};
  if (const auto mode = map.choice("mode", modes)) image.mode = *mode;
  image.mean = read_channels(map, "mean", image.mode, {-1e6, 1e6});
  image.std = read_channels(map, "std", image.mode, {0, 1e6, true});
  const std::vector<std::pair<std::string, ImageLayout>> layouts = {{"chw", ImageLayout::chw}, {"hwc", ImageLayout::hwc}};
  if (const auto layout = map.choice("layout", layouts)) image.layout = *layout;
  if (const auto exif = map.boolean("exif")) image.exif = *exif;
  if (image.resize.size() == 2 && !image.crop.empty() && (image.crop.front() > image.resize[0] || image.crop.back() > image.resize[1]))
    context.error(map.given("crop")->value.where, fmt::format("{} is larger than `resize`", map.named("crop")),
                  "crop what is left after resizing");
}

// Says what is wrong with a template at its place.
std::optional<RowTemplate> checked_template(const MapReader& map, const Scalar& text, std::string_view what) {
  if (text.text.find('\n') != std::string::npos) {
    map.context().error(text.where, fmt::format("{} is the row of one item: it cannot have a line break", what), "write it on one line, in quotes");
    return std::nullopt;
  }
  auto parsed = RowTemplate::parse(text.text);
  if (parsed) return parsed.take();
  map.context().error(text.where, fmt::format("{}: {}", what, parsed.error().message), parsed.error().hint);
  return std::nullopt;
}

const std::vector<std::pair<std::string, RowFormat>> row_formats = {{"csv", RowFormat::csv}, {"jsonl", RowFormat::json_lines}, {"npy", RowFormat::npy}, {"parquet", RowFormat::parquet}};
const std::vector<std::pair<std::string, ValueType>> value_types = {{"float32", ValueType::float32}, {"int64", ValueType::int64}};

std::vector<std::string> keys_of(const Value& map) {
  std::vector<std::string> keys;
  for (const Entry& entry : map.node->entries) keys.push_back(entry.key);
  return keys;
}

// What the templates of the rows ask for.
struct Asked {
  bool labels = false;
  bool columns = false;
  bool files = false;
  void take(const RowTemplate& text) {
    files |= text.names_files();
    labels |= text.needs_labels();
    columns |= !text.columns().empty();
  }
};

void read_row_columns(const MapReader& output, Scoring& scoring, Asked& asked) {
  const Value* written = output.map("columns");
  if (!written && output.has("columns")) return;
  if (!written) return output.context().error(output.where(), fmt::format("{} has no `columns`", output.title()), "columns: {id: \"{name}\", label: \"{argmax}\"}");
  const MapReader columns(output.context(), *written, output.owner(), keys_of(*written), MapReader::Values::with_parameters, "scoring.output.columns");
  if (written->node->entries.empty()) output.context().error(written->where, fmt::format("{} names no column", output.named("columns")), "{id: \"{name}\", label: \"{argmax}\"}");
  for (const Entry& entry : written->node->entries) {
    const auto text = columns.text(entry.key);
    if (!text) continue;
    if (const auto parsed = checked_template(output, *text, columns.named(entry.key))) asked.take(*parsed);
    scoring.columns.push_back({entry.key, text->text});
  }
}

Asked read_rows(const MapReader& map, Scoring& scoring, const std::string& owner) {
  Asked asked;
  const Entry* entry = map.has("output") ? map.given("output") : nullptr;
  if (entry && entry->value.node->kind == Node::Kind::map) {
    const MapReader output(map.context(), entry->value, owner, {"format", "columns"}, MapReader::Values::with_parameters, "scoring.output");
    if (!output.valid()) return asked;
    if (const auto format = output.choice("format", row_formats)) scoring.format = *format;
    else if (!output.has("format")) map.context().error(entry->value.where, fmt::format("{} has no `format`", map.named("output")), "csv, jsonl, npy or parquet");
    if (scoring.format != RowFormat::npy) read_row_columns(output, scoring, asked);
    else if (output.has("columns")) map.context().error(output.where_of("columns"), fmt::format("{} goes with csv, jsonl and parquet: an .npy has the model's values", output.named("columns")), "remove it");
  } else if (const auto output = map.text("output")) {
    scoring.output = {output->text, location(output->where)};
    if (const auto parsed = checked_template(map, *output, map.named("output"))) asked.take(*parsed);
  }
  return asked;
}

// {columns: [a, b], type: int64} of one input. Of arrays the array's own name, unless `columns` says another.
void read_model_input(const MapReader& inputs, const std::string& name, Scoring& scoring) {
  ModelInput input{name, ValueType::float32, {}};
  const Entry* entry = inputs.given(name);
  if (!entry) return;
  if (entry->value.node->kind == Node::Kind::map) {
    const MapReader map(inputs.context(), entry->value, inputs.owner(), {"columns", "type"}, MapReader::Values::with_parameters, "scoring.columns." + name);
    for (const Scalar& column : map.texts("columns")) input.columns.push_back(column.text);
    if (const auto type = map.choice("type", value_types)) input.type = *type;
  } else {
    for (const Scalar& column : inputs.texts(name)) input.columns.push_back(column.text);
  }
  if (input.columns.empty() && scoring.input == ScoringInput::array) input.columns.push_back(name);
  if (input.columns.empty())
    return inputs.context().error(entry->value.where, fmt::format("{} names no column", inputs.named(name)), "[a, b], or {columns: [a, b], type: int64}");
  scoring.inputs.push_back(std::move(input));
}

// Several inputs have names, [a, b] is one; of arrays each is one.
void read_model_inputs(const MapReader& map, Scoring& scoring) {
  const Entry* entry = map.has("columns") ? map.given("columns") : nullptr;
  if (!entry) return;
  if (entry->value.node->kind == Node::Kind::map) {
    const MapReader inputs(map.context(), entry->value, map.owner(), keys_of(entry->value), MapReader::Values::with_parameters, "scoring.columns");
    for (const Entry& input : entry->value.node->entries) read_model_input(inputs, input.key, scoring);
    return;
  }
  std::vector<std::string> names;
  for (const Scalar& column : map.texts("columns")) names.push_back(column.text);
  if (scoring.input == ScoringInput::table && !names.empty()) scoring.inputs.push_back({"", ValueType::float32, std::move(names)});
  if (scoring.input == ScoringInput::array)
    for (const std::string& name : names) scoring.inputs.push_back({name, ValueType::float32, {name}});
}

void read_missing(const MapReader& map, Scoring& scoring) {
  const auto missing = map.scalar("missing");
  if (!missing || lower(missing->text) == "fail") return;
  const auto number = lower(missing->text) == "nan" ? std::optional(std::nan("")) : as_number(missing->text);
  if (!number)
    return map.context().error(missing->where, fmt::format("{} must be fail, nan or a number, got `{}`", map.named("missing"), missing->text),
                               "fail: a row with an empty value is a failed item");
  const bool integers = std::any_of(scoring.inputs.begin(), scoring.inputs.end(), [](const ModelInput& input) { return input.type == ValueType::int64; });
  if (integers && *number != std::floor(*number))
    return map.context().error(missing->where, fmt::format("{} must be a whole number: an input has type int64", map.named("missing")), "fail, or 0");
  scoring.missing = number;
}

// `fits`: what `input` says goes with the key.
void check_goes_with(const MapReader& map, std::string_view key, bool fits, std::string_view input) {
  if (map.has(key) && !fits) map.context().error(map.where_of(key), fmt::format("{} goes with `input: {}`", map.named(key), input), "remove it");
}

bool is_device(const std::string& text) {
  if (text == "cpu" || text == "cuda") return true;
  return text.starts_with("cuda:") && text.size() > 5 && text.size() < 8 && text.find_first_not_of("0123456789", 5) == std::string::npos;
}

void read_model_settings(const MapReader& map, Scoring& scoring) {
  const std::vector<std::pair<std::string, ScoringInput>> inputs = {{"image", ScoringInput::image}, {"table", ScoringInput::table},
                                                                    {"array", ScoringInput::array}};
  const std::vector<std::pair<std::string, Numerics>> numerics = {{"strict", Numerics::strict}, {"fast", Numerics::fast}};
  if (const auto input = map.choice("input", inputs)) scoring.input = *input;
  if (const auto kind = map.choice("numerics", numerics)) scoring.numerics = *kind;
  if (const auto size = map.integer("batch_size", {1, 65536})) scoring.batch_size = static_cast<int>(*size);
  const auto device = map.text("device");
  if (!device) return;
  scoring.device = lower(device->text);
  if (!is_device(scoring.device)) map.context().error(device->where, fmt::format("{} must be cpu, cuda or cuda:N, got `{}`", map.named("device"), device->text));
}

}  // namespace

void read_scoring(const MapReader& config, const Value& value, Step& step, Scoring& scoring, const SideFile& side_file) {
  Context& context = config.context();
  const std::string owner = fmt::format("step `{}`", step.name);
  const MapReader map(context, value, owner, {"input", "image", "columns", "missing", "output", "labels", "batch_size", "numerics", "device"},
                      MapReader::Values::with_parameters, "scoring");
  if (!map.valid()) return;
  read_model_settings(map, scoring);
  const bool table = scoring.input == ScoringInput::table, array = scoring.input == ScoringInput::array;
  read_model_inputs(map, scoring);
  read_missing(map, scoring);
  if (map.has("labels")) scoring.labels = side_file(map, "labels", "labels file");
  const Asked asked = read_rows(map, scoring, owner);
  if (in_files(scoring.format) && config.has("append_row_file_name"))
    context.error(config.where_of("append_row_file_name"), fmt::format("{} names the one file of all rows, but `output` makes files of each mini-batch", config.named("append_row_file_name")),
                  "remove it: the files are named mini_batch_000000 and so on");
  if (const Value* image = map.map("image")) read_image(context, *image, owner, scoring.image);
  check_goes_with(map, "image", scoring.input == ScoringInput::image, "image");
  check_goes_with(map, "columns", table || array, "table");
  check_goes_with(map, "missing", table, "table");
  if (table && !map.has("columns"))
    context.error(map.where(), fmt::format("{} has no `columns`", map.title()), "columns: [a, b] says which columns the model takes, in its order");
  if (asked.files && table)
    context.error(map.where_of("output"), fmt::format("{} has {{name}} or {{path}}, which rows of a table do not have", map.named("output")), "{row}, or {column[NAME]}");
  if (table && !map.has("output")) scoring.output.value = "{row} {argmax}";
  if (asked.columns && !table) context.error(map.where_of("output"), fmt::format("{} has a {{column[...]}}, which goes with `input: table`", map.named("output")));
  if (asked.labels && !map.has("labels"))
    context.error(map.where_of("output"), fmt::format("{} has {{label}}, but there is no `labels`", map.named("output")), "labels: a file with a name a line");
}

}  // namespace mlpipe::spec
