// A command of the command line: one file each (cli/run_command.cpp ...), listed in cli/main.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mlpipe::cli {

// The options of a command, declared in our own words; cli/options.cpp is the one file that includes CLI11.
class Options {
 public:
  virtual ~Options() = default;
  virtual void flag(const std::string& names, bool& target, const std::string& help) = 0;                   // "-v,--verbose"
  virtual void value(const std::string& names, std::string& target, const std::string& placeholder, const std::string& help) = 0;
  virtual void value(const std::string& names, std::optional<std::string>& target, const std::string& placeholder,
                     const std::string& help) = 0;
  // The value may be left out: the target is empty then, but there.
  virtual void optional_value(const std::string& names, std::optional<std::string>& target, const std::string& placeholder,
                              const std::string& help) = 0;
  virtual void number(const std::string& names, std::optional<long long>& target, long long least, const std::string& placeholder,
                      const std::string& help) = 0;
  virtual void list(const std::string& names, std::vector<std::string>& target, const std::string& placeholder,
                    const std::string& help) = 0;
  virtual void positional(const std::string& name, std::optional<std::string>& target, const std::string& help, bool required = false) = 0;
  // Any number of them, behind all others.
  virtual void positionals(const std::string& name, std::vector<std::string>& target, const std::string& help) = 0;
};

struct Command {
  std::string name, summary;
  // Declares the options and returns what to do once they are filled: 0 or another exit code, or an Error to be shown.
  std::function<std::function<Result<int>()>(Options&)> declare;
  bool hidden = false;  // from the overview and the manual
};

// One a file.
Command run_command();
Command plan_command();
Command why_command();
Command validate_command();
Command runs_command();
Command show_command();
Command output_command();
Command logs_command();
Command metrics_command();
Command diff_command();
Command rerun_command();
Command clone_command();
Command replay_command();
Command debug_command();
Command init_command();
Command doctor_command();
Command diagnose_command();
Command gc_command();
Command cache_command();
Command export_command();
Command convert_command();
Command env_command();
Command bench_model_command();
Command schema_command();
Command completion_command();
Command man_command();
Command report_command();
Command graph_command();

// All commands, in the order of the help.
std::vector<Command> commands();

// Whole program: parses, runs, shows errors on stderr ("mlpipe: error: ...", "hint: ..."), returns the exit code.
int main(int argc, const char* const* argv);

}  // namespace mlpipe::cli
