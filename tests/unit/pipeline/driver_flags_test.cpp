#include "pipeline/driver_flags.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

struct Applied {
  ParallelRunConfig config;
  std::vector<FlagRemark> remarks;

  explicit Applied(std::vector<std::optional<std::string>> arguments) : remarks(apply_driver_flags(arguments, config)) {}

  std::string error() const {
    for (const auto& remark : remarks)
      if (remark.is_error) return remark.message;
    return {};
  }
};

}  // namespace

TEST_CASE("a flag overrides the configuration in both spellings, and the last one counts") {
  const Applied applied({"--run_invocation_timeout", "5", "--task_overhead_timeout=0.5", "--nice=3", "--nice", "7", "--mine", "x"});
  CHECK(applied.error().empty());
  CHECK(applied.config.run_invocation_timeout.count() == 5);
  CHECK(applied.config.task_overhead_timeout.count() == 0.5);
  CHECK(applied.config.flags.nice == 7);
}

TEST_CASE("flags without a key of the configuration") {
  const Applied applied({"--append_row_dataframe_header", "True", "--append_row_safe_output=true", "--profiling_module", "cprofile",
                         "--progress_update_timeout", "100", "--resource_monitor_interva", "20", "--rank_mini_batch_count", "4"});
  CHECK(applied.remarks.empty());
  CHECK(applied.config.flags.dataframe_header);
  CHECK(applied.config.flags.safe_output);
  CHECK(applied.config.flags.profiling_module == "cProfile");
  CHECK(applied.config.flags.progress_update_timeout->count() == 100);
  CHECK(applied.config.flags.resource_monitor_interval.count() == 20);
  CHECK(applied.config.flags.rank_mini_batch_count == 4);
}

TEST_CASE("a bad value names the flag, the range and the value, and changes nothing") {
  const Applied nice({"--nice", "20"});
  CHECK(nice.error() == "`--nice` must be a whole number from -20 to 19, got `20`");
  CHECK(nice.remarks[0].argument == 1);
  CHECK(nice.config.flags.nice == 0);
  CHECK(Applied({"--task_overhead_timeout=0"}).error() == "`--task_overhead_timeout` must be a number above 0 and at most 259200, got `0`");
  CHECK(Applied({"--progress_update_timeout", "nan"}).error().ends_with("got `nan`"));
  CHECK(Applied({"--append_row_dataframe_header", "maybe"}).error() == "`--append_row_dataframe_header` must be True or False, got `maybe`");
  CHECK(Applied({"--profiling_module", "pdb"}).error() == "`--profiling_module` must be one of cProfile, profile, got `pdb`");
  CHECK(Applied({"--run_max_try", "1.5"}).error().ends_with("got `1.5`"));
  CHECK(Applied({"--append_row_file_name", "a/b"}).error().ends_with("got `a/b`"));
  CHECK(Applied({"--mini_batch_size", "10kbkb"}).error().ends_with("got `10kbkb`"));
}

TEST_CASE("every flag with a range refuses what is just outside of it") {
  for (const auto& flag : driver_flags()) {
    if (flag.type != FlagType::integer && flag.type != FlagType::number) continue;
    const auto error = [&](double value) { return Applied({"--" + flag.name, std::to_string(static_cast<long long>(value))}).error(); };
    CAPTURE(flag.name);
    CHECK(error(flag.most).empty());
    CHECK_FALSE(error(flag.most + 1).empty());
    CHECK(error(flag.least).empty() != flag.above_least);
    CHECK_FALSE(error(flag.least - 1).empty());
  }
}

TEST_CASE("a flag without its value is an error, at the end and before another flag") {
  CHECK(Applied({"--nice"}).error() == "`--nice` needs a value");
  CHECK(Applied({"--append_row_dataframe_header", "--nice", "3"}).error() == "`--append_row_dataframe_header` needs a value");
  CHECK(Applied({"--error_threshold", "-1"}).error().empty());
}

TEST_CASE("a value that is not known yet changes nothing and is no mistake") {
  const Applied applied({"--nice", std::nullopt, std::nullopt, "--run_max_try", "2"});
  CHECK(applied.error().empty());
  CHECK(applied.config.flags.nice == 0);
  CHECK(applied.config.run_max_try == 2);
}

TEST_CASE("what Azure keeps for itself is obeyed with a warning; prompt flow is refused; the rest is the script's") {
  const Applied reserved({"--run_max_try=2"});
  REQUIRE(reserved.remarks.size() == 1);
  CHECK_FALSE(reserved.remarks[0].is_error);
  CHECK(reserved.remarks[0].hint == "write the key `run_max_try` of parallel_run_config");
  CHECK(reserved.config.run_max_try == 2);
  CHECK(Applied({"--amlbi_pf_enabled", "True"}).error() == "`--amlbi_pf_enabled`: prompt flow is not run here");
  CHECK(Applied({"--model_name", "m", "--copy_logs_to_parent", "True", "--input_asset_x", "y", "--nicer", "99", "-nice", "99"}).remarks.empty());
  CHECK(Applied({"--copy_logs_to_parent", "never"}).error() == "`--copy_logs_to_parent` must be True or False, got `never`");
}
