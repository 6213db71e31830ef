// One command's command line: declared, parsed, explained. options.cpp is the only file that knows CLI11.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"

namespace mlpipe::cli {

class CommandLine : public Options {
 public:
  enum class Parsed { go, help };

  // Fills the declared targets. Kind usage: an unknown option (with the nearest as the hint), a missing value, ...
  // `help`: -h or --help was among the words; nothing is filled then.
  virtual Result<Parsed> parse(const std::vector<std::string>& words) = 0;
  // "usage: mlpipe run [SPEC] [options]", the summary and every option.
  virtual std::string help() const = 0;
};

std::unique_ptr<CommandLine> make_command_line(const std::string& command, const std::string& summary);

}  // namespace mlpipe::cli
