#include "azure/values.h"

#include <doctest/doctest.h>

namespace mlpipe::azure {
namespace {

std::string type_of(ParameterType type, std::string value) {
  Parameter parameter;
  parameter.type = type;
  parameter.value = std::move(value);
  return std::string(input_type(parameter));
}

}  // namespace

TEST_CASE("values that Azure would write in another way are text") {
  CHECK(type_of(ParameterType::integer, "12") == "integer");
  CHECK(type_of(ParameterType::integer, "+12") == "string");
  CHECK(type_of(ParameterType::number, "0.5") == "number");
  CHECK(type_of(ParameterType::number, "-3") == "number");
  CHECK(type_of(ParameterType::number, "0.10") == "string");
  CHECK(type_of(ParameterType::number, "1e5") == "string");
  CHECK(type_of(ParameterType::number, "0.00001") == "string");
  CHECK(type_of(ParameterType::boolean, "true") == "string");
  CHECK(type_of(ParameterType::string, "12") == "string");
}

TEST_CASE("quotes are those that keep the value, wherever the expression stands") {
  CHECK(in_quotes("X", "two words", 0) == "\"X\"");
  CHECK(in_quotes("X", "$5", 0) == "'X'");
  CHECK(in_quotes("X", "it's", 0) == "\"X\"");
  CHECK(in_quotes("X", "two words", '"') == "X");
  CHECK(in_quotes("X", "$5", '"') == "\"'X'\"");
  CHECK(in_quotes("X", "$5", '\'') == "X");
  CHECK(in_quotes("X", "it's", '\'') == "'\"X\"'");
  CHECK_FALSE(survives("a`b", '"'));
  CHECK(survives("a`b", '\''));
}

}  // namespace mlpipe::azure
