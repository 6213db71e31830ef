// What to run of a pipeline, and how: --step, --from, --until, --sample, -j, --force, --force-step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "run/request.h"

namespace mlpipe::cli {

// "https://user:password@host/a?sig=x" -> "https://***@host/a?***"; any word without an address as it is.
std::string without_credentials(std::string_view word);

// The words this process was started with, as /proc knows them, to be recorded and shown: without the credentials of addresses.
std::vector<std::string> own_command_line();

struct RequestArguments {
  std::optional<std::string> step, from, until;
  std::optional<long long> sample, jobs;
  bool force = false, verify = false, fresh = false, no_cap = false;
  std::vector<std::string> force_steps, cache_from;

  void declare(Options& options);
  // --cache-from alone.
  void declare_cache(Options& options);
  // `uses`: "STEP=DIR". Kind usage: options that exclude each other, a malformed use.
  Result<RunRequest> request(const std::vector<std::string>& uses) const;
};

}  // namespace mlpipe::cli
