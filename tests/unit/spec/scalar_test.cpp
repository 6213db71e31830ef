#include <doctest/doctest.h>

#include "spec/yaml/scalar.h"

using namespace mlpipe;
using namespace mlpipe::spec;

namespace {
ParameterType type(std::string text, bool is_text = false) { return type_of({std::move(text), is_text, {}}); }
}  // namespace

TEST_CASE("plain scalars follow YAML 1.2: no yes, no octal, no surprise") {
  CHECK(type("7") == ParameterType::integer);
  CHECK(type("-7") == ParameterType::integer);
  CHECK(type("0") == ParameterType::integer);
  CHECK(type("010") == ParameterType::string);
  CHECK(type("0x10") == ParameterType::string);
  CHECK(type("1_000") == ParameterType::string);
  CHECK(type("1e3") == ParameterType::number);
  CHECK(type(".5") == ParameterType::number);
  CHECK(type("00.5") == ParameterType::string);
  CHECK(type(".inf") == ParameterType::string);
  CHECK(type("nan") == ParameterType::string);
  CHECK(type("1.2.3") == ParameterType::string);
  CHECK(type("True") == ParameterType::boolean);
  CHECK(type("yes") == ParameterType::string);
  CHECK(type("off") == ParameterType::string);
  CHECK(type("7", true) == ParameterType::string);
  CHECK(type("99999999999999999999") == ParameterType::number);
}

TEST_CASE("what was got is said by kind, and long texts are cut at a character") {
  CHECK(describe(Scalar{"abc", false, {}}) == "text `abc`");
  CHECK(describe(Scalar{"3", false, {}}) == "the integer 3");
  CHECK(describe(Scalar{"", true, {}}) == "an empty text");
  std::string text(59, 'x');
  text += "\xC3\xA9y";
  CHECK(describe(Scalar{text, false, {}}) == "text `" + std::string(59, 'x') + "...`");
}
