#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "batch/workers/scoring_launcher.h"
#include "cli/command.h"
#include "cli/probe.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/json_document.h"
#include "run/model_place.h"
#include "system/host.h"
#include "system/temporary_folder.h"
#include "worker/model_bench.h"
#include "worker/native_worker.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  std::optional<std::string> model, step, shape;
  std::vector<std::string> batch_sizes;
  std::optional<long long> workers, seconds;
  bool json = false;
};

// Of one of the two ways to compute.
struct Side {
  std::string numerics;
  ModelBenchResult result;
};

Result<std::vector<std::size_t>> numbers_of(const std::string& text, const std::string& option) {
  std::vector<std::size_t> numbers;
  for (const std::string_view word : split(text, ',')) {
    const auto number = parse_integer(trim(word));
    if (!number || *number < 1 || *number > 65536)
      return Error{ErrorKind::usage, fmt::format("{} takes numbers from 1 to 65536 with commas between them, got `{}`", option, text), ""};
    numbers.push_back(static_cast<std::size_t>(*number));
  }
  return numbers;
}

// An image of so many channels, height and width; or so many columns of a table.
Result<Scoring> scoring_of_shape(const std::string& text) {
  MLPIPE_TRY(const auto sides, numbers_of(text, "--shape"));
  Scoring scoring;
  if (sides.size() == 3 && (sides[0] == 1 || sides[0] == 3)) {
    scoring.image.mode = sides[0] == 1 ? "L" : "RGB";
    scoring.image.crop = {static_cast<int>(sides[1]), static_cast<int>(sides[2])};
    return scoring;
  }
  if (sides.size() != 1)
    return Error{ErrorKind::usage, fmt::format("--shape {} is neither an image nor a row of a table", text), "3,224,224: channels, height and width; 20: columns"};
  scoring.input = ScoringInput::table;
  scoring.inputs = {{"", ValueType::float32, std::vector<std::string>(sides[0], "x")}};
  return scoring;
}

Result<Scoring> scoring_of_step(const Arguments& arguments) {
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  const Step* step = pipeline.step(*arguments.step);
  std::vector<std::string> names;
  for (const Step& each : pipeline.steps) names.push_back(each.name);
  if (!step) return Error{ErrorKind::usage, fmt::format("there is no step `{}`", *arguments.step), suggestion(*arguments.step, names)};
  if (!step->parallel() || !step->parallel()->config.model)
    return Error{ErrorKind::usage, fmt::format("step {} is not scored by a model", step->name), "give --shape instead"};
  return step->parallel()->config.scoring;
}

Result<Scoring> scoring_of(const Arguments& arguments) {
  if (arguments.step && arguments.shape) return Error{ErrorKind::usage, "--step and --shape both say what goes in", "give one of them"};
  if (arguments.step) return scoring_of_step(arguments);
  if (arguments.shape) return scoring_of_shape(*arguments.shape);
  return Error{ErrorKind::usage, "what goes into the model?", "--shape 3,224,224 for images, --shape 20 for 20 columns, or --step NAME of a pipeline"};
}

// Measured, not what some step wants written: the row does not matter.
ScoringConfiguration configuration_of(Scoring scoring, const Path& model, Numerics numerics) {
  scoring.format = RowFormat::text;
  scoring.output.value = "{row}";
  scoring.columns.clear();
  scoring.labels.reset();
  scoring.numerics = numerics;
  scoring.batch_size.reset();
  return {model.string(), "", std::move(scoring)};
}

Result<ModelBenchResult> measure(const Path& folder, const ModelBenchRequest& request, Seconds limit) {
  MLPIPE_TRY(const Path module, scoring_module());
  const Path file = folder / "request.json";
  MLPIPE_TRY_VOID(write_file(file, to_json(request)));
  std::vector<std::string> variables{fmt::format("{}={}", scoring_malloc.first, scoring_malloc.second)};
  for (const auto& [name, value] : scoring_variables) variables.push_back(fmt::format("{}={}", name, value));
  MLPIPE_TRY(const std::string text, output_of({executable_path().string(), model_bench_command, module.string(), file.string()}, limit, variables));
  MLPIPE_TRY(ModelBenchResult result, model_bench_result_from_json(text));
  if (result.error.empty()) return result;
  // Its first line: the others are the interpreter's way there.
  return Error{ErrorKind::step_failed, result.error.substr(0, result.error.find('\n')), "is that what goes into the model? --shape and --step say it"};
}

// Infinite where one of the two gave a number and the other did not.
float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (std::isfinite(a[i]) != std::isfinite(b[i])) return INFINITY;
    if (std::isfinite(a[i])) largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

const ModelBenchTiming& best_of(const ModelBenchResult& result) {
  return *std::max_element(result.timings.begin(), result.timings.end(),
                           [](const auto& a, const auto& b) { return a.rows_per_second < b.rows_per_second; });
}

std::string as_text(const std::vector<Side>& sides) {
  std::vector<std::vector<std::string>> rows{{"numerics", "batch", "workers", "a pass", "rows/s"}};
  for (const Side& side : sides)
    for (const ModelBenchTiming& timing : side.result.timings)
      rows.push_back({side.numerics, std::to_string(timing.batch_size), std::to_string(timing.workers), fmt::format("{:.2f} ms", timing.seconds * 1000),
                      fmt::format("{:.1f}", timing.rows_per_second)});
  std::string text = table(rows);
  for (const Side& side : sides)
    text += fmt::format("{}: {} on {}, opened in {}, {} of memory; mlpipe would take batches of {}\n", side.numerics, side.result.facts.format,
                        side.result.facts.device, format_seconds(Seconds(side.result.open_seconds)), format_bytes(side.result.memory), side.result.facts.batch_size);
  for (const std::string& note : sides[0].result.facts.notes) text += note + "\n";
  const double gain = best_of(sides[1].result).rows_per_second / best_of(sides[0].result).rows_per_second;
  return text + fmt::format("fast is {:.2f} x strict at best, and its values differ by at most {:g}\n", gain,
                            largest_difference(sides[0].result.values, sides[1].result.values));
}

std::string as_json(const std::vector<Side>& sides) {
  nlohmann::ordered_json all = json_document("model-bench");
  for (const Side& side : sides) {
    nlohmann::ordered_json timings = nlohmann::ordered_json::array();
    for (const ModelBenchTiming& timing : side.result.timings)
      timings.push_back({{"batch_size", timing.batch_size}, {"workers", timing.workers}, {"pass_seconds", timing.seconds}, {"rows_per_second", timing.rows_per_second}});
    all[side.numerics] = {{"format", side.result.facts.format},     {"device", side.result.facts.device},   {"open_seconds", side.result.open_seconds},
                          {"memory_bytes", side.result.memory},     {"batch_size", side.result.facts.batch_size}, {"notes", side.result.facts.notes}, {"timings", timings}};
  }
  all["largest_difference"] = largest_difference(sides[0].result.values, sides[1].result.values);
  return json_text(all) + "\n";
}

Result<int> bench_model(const Arguments& arguments) {
  MLPIPE_TRY(const Scoring scoring, scoring_of(arguments));
  MLPIPE_TRY(const TemporaryFolder folder, TemporaryFolder::make("mlpipe-bench-model-"));
  MLPIPE_TRY(const Path model, place_of_model(folder.path() / "models", absolute_path(*arguments.model), scoring.device));
  ModelBenchRequest request;
  for (const std::string& text : arguments.batch_sizes) {
    MLPIPE_TRY(const auto sizes, numbers_of(text, "--batch-size"));
    request.batch_sizes.insert(request.batch_sizes.end(), sizes.begin(), sizes.end());
  }
  const bool table = scoring.input == ScoringInput::table;
  if (request.batch_sizes.empty()) request.batch_sizes = table ? std::vector<std::size_t>{32, 256, 1024, 4096} : std::vector<std::size_t>{1, 8, 32};
  if (arguments.workers.value_or(1) > 256) return Error{ErrorKind::usage, "--workers is more than 256", "twice the cores is more than any machine makes use of"};
  request.workers = {1, static_cast<int>(arguments.workers.value_or(usable_cores()))};
  if (request.workers[0] == request.workers[1]) request.workers.pop_back();
  request.seconds = static_cast<double>(arguments.seconds.value_or(1));
  const Seconds limit(600 + 4 * request.seconds * static_cast<double>(request.batch_sizes.size() * request.workers.size()));
  std::vector<Side> sides;
  for (const auto& [name, numerics] : {std::pair("strict", Numerics::strict), std::pair("fast", Numerics::fast)}) {
    request.configuration = to_json(configuration_of(scoring, model, numerics));
    MLPIPE_TRY(ModelBenchResult result, measure(folder.path(), request, limit));
    sides.push_back({name, std::move(result)});
  }
  MLPIPE_TRY_VOID(print(arguments.json ? as_json(sides) : as_text(sides)));
  return 0;
}

}  // namespace

Command bench_model_command() {
  return {"bench-model", "how fast a model is here, by batch size, workers and numerics", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("MODEL", arguments->model, "a TorchScript file (.pt) or a package of AOTInductor (.pt2)", true);
            options.value("--shape", arguments->shape, "C,H,W|N", "what goes in: an image of C channels, or N columns of a table");
            options.value("--step", arguments->step, "STEP", "what goes in is what this step of the pipeline is fed");
            options.list("--batch-size", arguments->batch_sizes, "N,N,...", "rows a pass (default: 1,8,32; of a table 32,256,1024,4096)");
            options.number("--workers", arguments->workers, 1, "N", "the most workers (default: one a core)");
            options.number("--seconds", arguments->seconds, 0, "N", "of each measurement (default: 1)");
            options.flag("--json", arguments->json, "JSON on stdout");
            arguments->place.declare_file(options);
            arguments->changes.declare(options);
            return [arguments] { return bench_model(*arguments); };
          }};
}

}  // namespace mlpipe::cli
