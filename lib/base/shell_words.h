// A shell command that is nothing but a program and its arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

// Its words, without their quotes. Nothing: a shell would do more than start one program (variables, pipes, patterns, assignments, ...).
std::optional<std::vector<std::string>> plain_shell_words(std::string_view command);

}  // namespace mlpipe
