#include "spec/yaml/loose_scalar.h"

#include <doctest/doctest.h>

namespace mlpipe::spec {

// What Python 3.11 and PyYAML 6 make of them.
TEST_CASE("plain scalars are written as Python writes what its yaml reads") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"yes", "True"},    {"Off", "False"},   {"TRUE", "True"},  {"y", "y"},         {"010", "8"},      {"0x1F", "31"},   {"1_000", "1000"}, {"-3", "-3"},
      {"+3", "3"},        {"08", "08"},       {"0.10", "0.1"},   {"1.50", "1.5"},    {"5.", "5.0"},     {".5", "0.5"},    {"-0.0", "-0.0"},  {"1e5", "1e5"},
      {"1.0e5", "1.0e5"}, {"1.0e+5", "100000.0"}, {"1.0e-7", "1e-07"}, {"1.5.2", "1.5.2"}, {"word", "word"}, {"_1", "_1"}, {"", ""},          {"12:30", "12:30"}};
  for (const auto& [text, wanted] : cases) CHECK_MESSAGE(as_python_writes(text) == wanted, text);
}

}  // namespace mlpipe::spec
