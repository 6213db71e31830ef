// What yaml-cpp complains about, in words that help.
#pragma once

#include <string>
#include <string_view>

namespace mlpipe::spec {

struct SyntaxError {
  std::string message;
  std::string hint;
};

SyntaxError describe_syntax_error(std::string_view library_message);

}  // namespace mlpipe::spec
