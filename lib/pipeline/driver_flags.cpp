#include "pipeline/driver_flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

using Config = ParallelRunConfig;
using Value = FlagValue;

constexpr double longest_timeout = 259200;

DriverFlag obeyed(std::string name, FlagType type, std::function<void(Config&, const Value&)> set) {
  DriverFlag flag;
  flag.name = std::move(name);
  flag.type = type;
  flag.use = FlagUse::obeyed;
  flag.set = std::move(set);
  return flag;
}

DriverFlag integer(std::string name, double least, double most, std::function<void(Config&, const Value&)> set) {
  DriverFlag flag = obeyed(std::move(name), FlagType::integer, std::move(set));
  flag.least = least;
  flag.most = most;
  return flag;
}

DriverFlag seconds(std::string name, std::function<void(Config&, const Value&)> set) {
  DriverFlag flag = obeyed(std::move(name), FlagType::number, std::move(set));
  flag.most = longest_timeout;
  flag.above_least = true;
  return flag;
}

DriverFlag one_of(std::string name, std::vector<std::string> words, std::function<void(Config&, const Value&)> set) {
  DriverFlag flag = obeyed(std::move(name), FlagType::word, std::move(set));
  flag.words = std::move(words);
  return flag;
}

DriverFlag without(FlagUse use, std::string name, FlagType type, std::string note) {
  DriverFlag flag;
  flag.name = std::move(name);
  flag.type = type;
  flag.use = use;
  flag.note = std::move(note);
  return flag;
}

DriverFlag unheeded(std::string name, FlagType type, std::string note) {
  return without(FlagUse::no_effect, std::move(name), type, std::move(note));
}

DriverFlag refused(std::string name, std::string note) { return without(FlagUse::refused, std::move(name), FlagType::text, std::move(note)); }

DriverFlag reserved(DriverFlag flag) {
  flag.reserved = true;
  return flag;
}

void add_settings(std::vector<DriverFlag>& flags) {
  const auto failures = [](std::string name, auto set) { return integer(std::move(name), -1, 1e9, set); };
  flags.push_back(reserved(failures("error_threshold", [](Config& c, const Value& v) { c.error_threshold = static_cast<long long>(v.number); })));
  auto percent = obeyed("allowed_failed_percent", FlagType::number, [](Config& c, const Value& v) { c.allowed_failed_percent = v.number; });
  percent.most = 100;
  flags.push_back(reserved(std::move(percent)));
  flags.push_back(
      reserved(failures("allowed_failed_count", [](Config& c, const Value& v) { c.allowed_failed_count = static_cast<long long>(v.number); })));
  flags.push_back(seconds("task_overhead_timeout", [](Config& c, const Value& v) { c.task_overhead_timeout = Seconds(v.number); }));
  flags.push_back(seconds("progress_update_timeout", [](Config& c, const Value& v) { c.flags.progress_update_timeout = Seconds(v.number); }));
  DriverFlag first_task = seconds("first_task_creation_timeout", nullptr);
  first_task.use = FlagUse::no_effect;
  first_task.note = "all mini-batches are planned at once";
  flags.push_back(std::move(first_task));
  flags.push_back(integer("resource_monitor_interval", 0, 2147483647,
                          [](Config& c, const Value& v) { c.flags.resource_monitor_interval = Seconds(v.number); }));
  flags.push_back(reserved(seconds("run_invocation_timeout", [](Config& c, const Value& v) { c.run_invocation_timeout = Seconds(v.number); })));
  flags.push_back(reserved(integer("run_max_try", 1, 1000, [](Config& c, const Value& v) { c.run_max_try = static_cast<int>(v.number); })));
  flags.push_back(reserved(
      integer("process_count_per_node", 1, 1000, [](Config& c, const Value& v) { c.process_count_per_node = static_cast<int>(v.number); })));
  flags.push_back(integer("rank_mini_batch_count", 1, 1e9,
                          [](Config& c, const Value& v) { c.flags.rank_mini_batch_count = static_cast<long long>(v.number); }));
}

void add_rows_and_workers(std::vector<DriverFlag>& flags) {
  flags.push_back(obeyed("append_row_dataframe_header", FlagType::boolean, [](Config& c, const Value& v) { c.flags.dataframe_header = v.is_true; }));
  flags.push_back(obeyed("append_row_safe_output", FlagType::boolean, [](Config& c, const Value& v) { c.flags.safe_output = v.is_true; }));
  flags.push_back(one_of("profiling_module", {"cProfile", "profile"}, [](Config& c, const Value& v) { c.flags.profiling_module = v.text; }));
  flags.push_back(integer("nice", -20, 19, [](Config& c, const Value& v) { c.flags.nice = static_cast<int>(v.number); }));
  flags.push_back(reserved(one_of("logging_level", {"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTSET"},
                                  [](Config& c, const Value& v) { c.logging_level = v.text; })));
  flags.push_back(reserved(obeyed("mini_batch_size", FlagType::size, [](Config& c, const Value& v) {
    c.mini_batch_size = *parse_count_or_bytes(v.text);
    c.mini_batch_size_given = true;
  })));
  flags.push_back(reserved(one_of("output_action", {"append_row", "summary_only"}, [](Config& c, const Value& v) {
    c.output_action = v.text == "append_row" ? OutputAction::append_row : OutputAction::summary_only;
  })));
  auto file = obeyed("append_row_file_name", FlagType::text, [](Config& c, const Value& v) { c.append_row_file_name = v.text; });
  flags.push_back(reserved(std::move(file)));
}

void add_those_without_effect(std::vector<DriverFlag>& flags) {
  const std::string one_tree = "all logs of a run are in one place here", by_client = "mlpipe writes it for the script by itself";
  flags.push_back(unheeded("copy_logs_to_parent", FlagType::boolean, one_tree));
  flags.push_back(unheeded("metrics_name_prefix", FlagType::text, "metrics are kept a step, in its logs"));
  flags.push_back(unheeded("push_metrics_to_parent", FlagType::boolean, "metrics are kept a step, in its logs"));
  flags.push_back(unheeded("resume_from", FlagType::text, "an unfinished step goes on by itself"));
  flags.push_back(unheeded("amlbi_async_mode", FlagType::boolean, "an `async def run` is awaited in any case, one mini-batch at a time"));
  flags.push_back(unheeded("model_name", FlagType::text, "it goes to the script; some versions of Azure's driver took it for themselves"));
  flags.push_back(reserved(unheeded("output", FlagType::text, "the step's output stays where it is")));
  for (const char* name : {"scoring_module_name", "client_sdk_version", "create_snapshot_at_runtime", "run_id", "input_format",
                           "cleanup_leaked_queues", "output_uri_file", "input_ds_", "input_fds_", "input_pipeline_param_", "input_asset_"})
    flags.push_back(unheeded(name, FlagType::text, by_client));
  const std::string flow = "prompt flow is not run here";
  for (const char* name : {"amlbi_pf_", "pf_input_", "amlbi_file_format", "amlbi_mini_batch_rows"}) flags.push_back(refused(name, flow));
}

std::string name_of(std::string_view word) {
  if (!word.starts_with("--")) return {};
  const std::string name(word.substr(2, word.find('=') == std::string_view::npos ? word.npos : word.find('=') - 2));
  // Microsoft's own samples have the first; the second is what older drivers called it.
  if (name == "resource_monitor_interva") return "resource_monitor_interval";
  if (name == "score_run_timeout") return "run_invocation_timeout";
  return name;
}

std::string written(double bound) { return fmt::format("{:.0f}", bound); }

std::string range_of(const DriverFlag& flag) {
  if (flag.above_least) return fmt::format("above {} and at most {}", written(flag.least), written(flag.most));
  return fmt::format("from {} to {}", written(flag.least), written(flag.most));
}

// What a value must be, for people.
std::string wanted_of(const DriverFlag& flag) {
  switch (flag.type) {
    case FlagType::integer: return "a whole number " + range_of(flag);
    case FlagType::number: return "a number " + range_of(flag);
    case FlagType::boolean: return "True or False";
    case FlagType::word: return "one of " + join(flag.words, ", ");
    case FlagType::size: return "a number of files, or of a table a size like 10KB";
    case FlagType::text: return "the name of a file";
  }
  return {};
}

bool in_range(const DriverFlag& flag, double value) {
  return value <= flag.most && (flag.above_least ? value > flag.least : value >= flag.least);
}

std::optional<FlagValue> read_number(const DriverFlag& flag, const std::string& text) {
  const auto whole = flag.type == FlagType::integer ? parse_integer(text) : std::nullopt;
  const auto number = flag.type == FlagType::number ? parse_number(text) : std::nullopt;
  if (!whole && !number) return std::nullopt;
  const double value = whole ? static_cast<double>(*whole) : *number;
  return in_range(flag, value) ? std::optional(FlagValue{text, value, false}) : std::nullopt;
}

std::optional<FlagValue> read_boolean(const std::string& text) {
  const auto word = lower(text);
  if (word == "true" || word == "1") return FlagValue{text, 1, true};
  if (word == "false" || word == "0") return FlagValue{text, 0, false};
  return std::nullopt;
}

std::optional<FlagValue> read_word(const DriverFlag& flag, const std::string& text) {
  for (const auto& word : flag.words)
    if (lower(word) == lower(text)) return FlagValue{word, 0, false};
  return std::nullopt;
}

std::optional<FlagValue> read_value(const DriverFlag& flag, const std::string& text) {
  switch (flag.type) {
    case FlagType::integer:
    case FlagType::number: return read_number(flag, text);
    case FlagType::boolean: return read_boolean(text);
    case FlagType::word: return read_word(flag, text);
    case FlagType::size: {
      const auto size = parse_count_or_bytes(text);
      if (!size || size->value < 1 || (size->is_count && size->value > 1'000'000'000)) return std::nullopt;
      return FlagValue{text, static_cast<double>(size->value), false};
    }
    case FlagType::text: break;
  }
  if (flag.name == "append_row_file_name" && !is_rows_file_name(text)) return std::nullopt;
  return FlagValue{text, 0, false};
}

// One walk over the arguments.
class Reading {
 public:
  Reading(const std::vector<std::optional<std::string>>& arguments, ParallelRunConfig& config) : arguments_(arguments), config_(config) {}

  std::vector<FlagRemark> read() {
    for (at_ = 0; at_ < arguments_.size(); ++at_)
      if (arguments_[at_]) read_word(*arguments_[at_]);
    return std::move(remarks_);
  }

 private:
  void read_word(const std::string& word) {
    const DriverFlag* flag = find_driver_flag(word);
    if (!flag) return;
    const auto name = "--" + name_of(word);
    if (flag->use == FlagUse::refused) return remark(at_, true, fmt::format("`{}`: {}", name, flag->note), "remove it");
    if (flag->reserved) {
      remark(at_, false, fmt::format("`{}` is reserved: Azure's ParallelRunStep refuses it among a step's arguments", name),
             flag->use == FlagUse::obeyed ? fmt::format("write the key `{}` of parallel_run_config", flag->name) : flag->note);
      remarks_.back().is_reserved = true;
    }
    const auto equals = word.find('=');
    if (equals != word.npos) return take(*flag, name, word.substr(equals + 1));
    // What only the script reads may have any number of values.
    if (flag->use == FlagUse::no_effect && flag->type == FlagType::text) return;
    if (at_ + 1 >= arguments_.size() || (arguments_[at_ + 1] && arguments_[at_ + 1]->starts_with("--")))
      return remark(at_, true, fmt::format("`{}` needs a value", name), "give it " + wanted_of(*flag));
    ++at_;
    if (arguments_[at_]) take(*flag, name, *arguments_[at_]);
  }

  void take(const DriverFlag& flag, const std::string& name, const std::string& text) {
    if (flag.use == FlagUse::no_effect && flag.type == FlagType::text) return;
    const auto value = read_value(flag, text);
    if (!value) return remark(at_, true, fmt::format("`{}` must be {}, got `{}`", name, wanted_of(flag), text), {});
    if (flag.set) flag.set(config_, *value);
  }

  void remark(std::size_t argument, bool is_error, std::string message, std::string hint) {
    remarks_.push_back({argument, is_error, std::move(message), std::move(hint)});
  }

  const std::vector<std::optional<std::string>>& arguments_;
  ParallelRunConfig& config_;
  std::vector<FlagRemark> remarks_;
  std::size_t at_ = 0;
};

}  // namespace

const std::vector<DriverFlag>& driver_flags() {
  static const std::vector<DriverFlag> flags = [] {
    std::vector<DriverFlag> all;
    add_settings(all);
    add_rows_and_workers(all);
    add_those_without_effect(all);
    return all;
  }();
  return flags;
}

const DriverFlag* find_driver_flag(std::string_view word) {
  const auto name = name_of(word);
  if (name.empty()) return nullptr;
  for (const auto& flag : driver_flags())
    if (flag.name.ends_with('_') ? name.starts_with(flag.name) : name == flag.name) return &flag;
  return nullptr;
}

std::vector<FlagRemark> apply_driver_flags(const std::vector<std::optional<std::string>>& arguments, ParallelRunConfig& config) {
  return Reading(arguments, config).read();
}

bool is_rows_file_name(std::string_view name) {
  const bool allowed = !name.empty() && name.find_first_of("~\"#%&*:<>?/\\{|}") == std::string_view::npos && name.size() <= 200;
  return allowed && name != "." && name != ".." && std::none_of(name.begin(), name.end(),
                                                                [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace mlpipe
