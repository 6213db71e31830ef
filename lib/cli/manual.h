// Every command with its options, generated from what they declare.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace mlpipe::cli {

std::string manual_as_man(const std::vector<Command>& commands);       // roff, section 1
std::string manual_as_markdown(const std::vector<Command>& commands);  // docs/commands.md

}  // namespace mlpipe::cli
