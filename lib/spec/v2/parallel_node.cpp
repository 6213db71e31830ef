// Parallel nodes: an entry script over mini-batches of one input; all other inputs go to every worker.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/readers.h"
#include "spec/v2/binding.h"
#include "spec/v2/steps.h"
#include "spec/v2/text.h"
#include "spec/v2/words.h"

namespace mlpipe::spec::v2 {
namespace {

constexpr double longest_timeout = 259200;  // of Azure, for one try

const std::vector<std::pair<std::string, std::string>> logging_levels = {{"DEBUG", "DEBUG"}, {"INFO", "INFO"}, {"WARNING", "WARNING"}};

class Reader {
 public:
  Reader(Reading& reading, const Job& job, Step& step)
      : reading_(reading), context_(reading.context), job_(job), step_(step), node_(node_reader(reading, job)) {}

  void read() {
    ParallelRunConfig& config = parallel_.config;
    config.where = config.mini_batch_size_where = location(job_.where);
    config.mini_batch_size = {1, true};
    config.output_action = OutputAction::summary_only;
    config.isolate_failures = false;  // a mini-batch fails as a whole, as with Azure
    read_input_data();
    read_mini_batches(config);
    read_thresholds(config);
    read_tries(config);
    read_logging_level(config);
    warn_about_keys_of_commands();
    if (const auto nodes = read_instance_count(reading_, node_, job_)) config.node_count = *nodes;
    if (const auto processes = node_.integer("max_concurrency_per_instance", {1, 1000})) config.process_count_per_node = static_cast<int>(*processes);
    read_task();
    read_driver_flags(context_, parallel_);
    step_.action = std::move(parallel_);
  }

 private:
  void read_logging_level(ParallelRunConfig& config) {
    const auto level = node_.choice("logging_level", logging_levels);
    if (!level) return;
    config.logging_level = *level;
    const Scalar written = *node_.scalar("logging_level");
    if (written.text != *level)
      context_.azure_warning(written.where, fmt::format("Azure wants {} in capital letters", named("logging_level")), fmt::format("write {}", *level));
  }

  // Azure takes them without a word, and does nothing with them.
  void warn_about_keys_of_commands() {
    const auto warn = [&](std::string_view key, std::string hint) {
      if (node_.has(key)) context_.warning(node_.where_of(key), fmt::format("{} has no effect: a parallel node has no such key", named(std::string(key))), std::move(hint));
    };
    warn("limits", "`retry_settings.timeout` limits each try of a mini-batch");
    warn("environment", "write it below `task`");
    warn("code", "write it below `task`");
  }

  static Scalar raw(const Entry& entry) { return scalar_of(entry.value); }

  std::string named(const std::string& key) const { return node_.named(key); }

  // The input that is split; the others are side inputs.
  void read_input_data() {
    const Entry* entry = node_.given("input_data");
    if (!entry) {
      context_.error(job_.where, fmt::format("{} does not say which input is split into mini-batches", job_.title()), "write `input_data: ${{inputs.NAME}}`");
      return;
    }
    const auto name = single_name(reading_, step_, raw(*entry), named("input_data"), false);
    for (StepInput& input : step_.inputs) {
      input.side = !name || input.name != *name;
      if (!input.side && input.from == StepInput::From::value)
        context_.error(entry->value.where, fmt::format("input `{}` of {} is a value: only data is split into mini-batches", input.name, job_.title()));
    }
    if (name) warn_about_single_file(*name, entry->value.where);
  }

  void warn_about_single_file(const std::string& name, const Place& where) {
    const StepInput* input = step_.input(name, false);
    if (!input || input->from != StepInput::From::pipeline_input) return;
    if (context_.pipeline.inputs[context_.inputs.at(input->source)].type == DataType::file)
      context_.azure_warning(where, fmt::format("Azure splits no single file, here input `{}`", name), "give the folder that it is in, or an mltable");
  }

  void read_mini_batches(ParallelRunConfig& config) {
    for (const Scalar& key : node_.texts("partition_keys")) config.partition_keys.push_back(key.text);
    const auto size = node_.scalar("mini_batch_size");
    if (!size) return;
    config.mini_batch_size_where = location(size->where);
    warn_unless_text(context_, node_.given("mini_batch_size"), named("mini_batch_size"));
    if (!config.partition_keys.empty())
      return context_.warning(node_.where_of("mini_batch_size"), fmt::format("{} does not count: `partition_keys` do", named("mini_batch_size")), "remove it");
    const auto value = parse_count_or_bytes(size->text);
    if (!value || value->value < 1)
      return node_.wrong_type("mini_batch_size", "a number of files, or of a table a size like 10kb (without a blank)", *size);
    config.mini_batch_size = *value;
    config.mini_batch_size_given = true;
  }

  void read_thresholds(ParallelRunConfig& config) {
    config.error_threshold = node_.integer("error_threshold", {-1, 1e9}).value_or(-1);
    config.allowed_failed_count = node_.integer("mini_batch_error_threshold", {-1, 1e9}).value_or(-1);
  }

  void read_tries(ParallelRunConfig& config) {
    const Value* value = node_.map("retry_settings");
    if (!value) return;
    const MapReader map(context_, *value, job_.title(), {"max_retries", "timeout"}, values_of(reading_, job_), "retry_settings");
    if (const auto retries = map.integer("max_retries", {0, 999})) config.run_max_try = static_cast<int>(*retries) + 1;
    const auto timeout = map.number("timeout", {0, 1e9, true});
    if (timeout) config.run_invocation_timeout = Seconds(*timeout);
    if (timeout && *timeout > longest_timeout)
      context_.azure_warning(map.scalar("timeout")->where, fmt::format("{} must be at most {:.0f} for Azure", map.named("timeout"), longest_timeout));
  }

  void read_task() {
    const Value* value = node_.map("task");
    if (!value)
      return context_.error(job_.where, fmt::format("{} has no `task`", job_.title()), "write `task: {type: run_function, code: FOLDER, entry_script: FILE.py}`");
    const MapReader task(context_, *value, job_.title(),
                         {"type", "code", "entry_script", "program_arguments", "append_row_to", "environment", "model", "is_deterministic"},
                         values_of(reading_, job_), "task");
    if (!task.valid()) return;
    read_type(task);
    read_code(reading_, task, step_);
    read_environment_of(reading_, task, step_);
    read_entry_script(task);
    read_arguments_of(task);
    read_rows(task);
  }

  void read_type(const MapReader& task) {
    static const std::vector<std::pair<std::string, bool>> types = {{"run_function", true}, {"function", true}, {"model", false}};
    const auto runs = task.choice("type", types);
    if (!runs) return;
    const Scalar type = *task.scalar("type");
    if (!*runs) context_.error(type.where, fmt::format("{} is not supported: it never left Azure's preview", task.named("type")), "write run_function");
    else if (type.text != "run_function") context_.azure_warning(type.where, fmt::format("Azure documents no `{}` as {}", type.text, task.named("type")), "write run_function");
  }

  void read_entry_script(const MapReader& task) {
    const auto name = task.text("entry_script");
    if (!name)
      return context_.error(task.where(), fmt::format("{} has no entry script", task.title()), "write `entry_script: FILE.py`, a file in `code`");
    Scalar file = *name;
    std::string path = name->text;  // a module is named with dots
    std::replace(path.begin(), path.end(), '.', '/');
    if (!is_file(step_.source_directory / name->text) && is_file(step_.source_directory / (path + ".py"))) file.text = path + ".py";
    parallel_.config.entry_script = {file.text, location(file.where)};
    check_code(task, file);
  }

  void check_code(const MapReader& task, const Scalar& file) {
    if (step_.source_directory.empty())
      context_.error(file.where, fmt::format("{} needs a `code`", task.named("entry_script")), "write `code: FOLDER`, the folder that the script is in");
    else check_code_file(context_, step_, file, task.named("entry_script"));
  }

  void read_arguments_of(const MapReader& task) {
    const Entry* entry = task.given("program_arguments");
    if (!entry) return;
    if (entry->value.node->kind != Node::Kind::scalar) return task.wrong_type("program_arguments", "text", entry->value);
    const auto text = read_text(reading_, job_, step_, raw(*entry), task.named("program_arguments"));
    if (!text) return;
    auto words = split_words(*text);
    if (words) parallel_.arguments = std::move(*words);
    else context_.error(entry->value.where, fmt::format("a quote in {} is never closed", task.named("program_arguments")), "the text is cut into words as a shell does: close it, or write \\ before it");
  }

  // Rows go to the first output of a step: that it is.
  void read_rows(const MapReader& task) {
    const Entry* entry = task.given("append_row_to");
    if (!entry) return;
    const auto name = single_name(reading_, step_, raw(*entry), task.named("append_row_to"), true);
    if (!name) return;
    auto& outputs = step_.outputs;
    const auto rows = std::find_if(outputs.begin(), outputs.end(), [&](const StepOutput& output) { return output.name == *name; });
    std::rotate(outputs.begin(), rows, rows + 1);
    parallel_.config.output_action = OutputAction::append_row;
  }

  Reading& reading_;
  Context& context_;
  const Job& job_;
  Step& step_;
  MapReader node_;
  Parallel parallel_;
};

}  // namespace

void read_parallel_node(Reading& reading, const Job& job, Step& step) { Reader(reading, job, step).read(); }

}  // namespace mlpipe::spec::v2
