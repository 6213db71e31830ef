#include "cli/request_arguments.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"
#include "base/web_address.h"

namespace mlpipe::cli {

std::string without_credentials(std::string_view word) {
  const auto scheme = word.find("://");
  if (scheme == std::string_view::npos) return std::string(word);
  const auto credentials = credentials_in(word);
  std::string shown(word);
  if (const auto query = word.find('?', scheme); query != std::string_view::npos) shown.replace(query, std::string::npos, "?***");
  if (!credentials.empty()) shown.replace(static_cast<std::size_t>(credentials.data() - word.data()), credentials.size(), "***@");
  return shown;
}

std::vector<std::string> own_command_line() {
  std::vector<std::string> words;
  const auto text = read_file("/proc/self/cmdline");
  if (!text) return words;
  for (const std::string_view word : split(*text, '\0')) words.push_back(without_credentials(word));
  // The last word ends with a zero byte as well.
  if (!words.empty()) words.pop_back();
  return words;
}

namespace {

// DIR may be a project: the store is in it then.
Path store_in(const std::string& folder) {
  const Path path = absolute_path(folder);
  return !path_exists(path / "format") && is_folder(path / ".mlpipe") ? path / ".mlpipe" : path;
}

std::vector<Path> other_stores(const std::vector<std::string>& named) {
  std::vector<Path> stores;
  for (const std::string& folder : named) stores.push_back(store_in(folder));
  const char* more = std::getenv("MLPIPE_CACHE_FROM");
  for (const std::string_view folder : split(more ? more : "", ':'))
    if (!folder.empty()) stores.push_back(store_in(std::string(folder)));
  return stores;
}

}  // namespace

void RequestArguments::declare(Options& options) {
  options.value("--step", step, "STEP", "only this step, on its inputs' last good results");
  options.value("--from", from, "STEP", "this step and all that need it");
  options.value("--until", until, "STEP", "this step and all that it needs");
  options.number("--sample", sample, 1, "N", "only the first N items of each parallel step");
  options.number("-j,--jobs", jobs, 1, "N", "cores for steps and workers together (default: all)");
  options.flag("--force,--regenerate-outputs", force, "run every step, also where a result could be reused");
  options.flag("--verify", verify, "read every file again instead of trusting its times");
  options.flag("--fresh", fresh, "score unfinished parallel steps from the start instead of going on");
  options.flag("--no-cap", no_cap, "as many workers as the configuration asks for, also more than cores");
  options.list("--force-step", force_steps, "STEP", "run this step anyway");
  declare_cache(options);
}

void RequestArguments::declare_cache(Options& options) {
  options.list("--cache-from", cache_from, "DIR", "take results that the store lacks from this one of somebody else's; MLPIPE_CACHE_FROM names more");
}

Result<RunRequest> RequestArguments::request(const std::vector<std::string>& uses) const {
  if (step.has_value() + from.has_value() + until.has_value() > 1)
    return Error{ErrorKind::usage, "--step, --from and --until exclude each other", "give one of them"};
  RunRequest request{.step = step, .from = from, .until = until};
  if (sample) request.sample = static_cast<std::uint64_t>(*sample);
  if (jobs && *jobs > 1 << 16)
    return Error{ErrorKind::usage, fmt::format("--jobs {} is more than any machine has", *jobs), "at most 65536"};
  request.jobs = static_cast<int>(jobs.value_or(0));
  request.force = force;
  request.verify = verify;
  request.fresh = fresh;
  request.no_cap = no_cap;
  request.force_steps = force_steps;
  request.cache_from = other_stores(cache_from);
  request.command_line = own_command_line();
  for (const std::string& use : uses) {
    const auto equals = use.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == use.size())
      return Error{ErrorKind::usage, fmt::format("--use {} is not STEP=DIR", use), "for example --use train=models/last"};
    request.use[use.substr(0, equals)] = absolute_path(use.substr(equals + 1));
  }
  return request;
}

}  // namespace mlpipe::cli
