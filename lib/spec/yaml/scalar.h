// What a plain scalar is, by YAML 1.2's core schema: `yes` is text, `010` is text (8, 10 or a name: nobody can tell).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/pipeline.h"
#include "spec/yaml/document.h"

namespace mlpipe::spec {

// A scalar as it is used: what the user wrote, or what a parameter put in its place.
struct Scalar {
  std::string text;
  bool is_text = false;  // quoted, or out of a parameter of type string
  Place where;
};

std::optional<long long> as_integer(std::string_view text);
std::optional<double> as_number(std::string_view text);
std::optional<bool> as_boolean(std::string_view text);

// The type that a parameter with this default has.
ParameterType type_of(const Scalar& scalar);

// "text `abc`", "the integer 3", "true", "a list", "a map", "nothing": what a message says it got.
std::string describe(const Scalar& scalar);
std::string describe(const Value& value);
// "an integer", "true or false": what a message says it wants.
std::string_view describe(ParameterType type);
// "from 1 to 5", "3 or more", "at most 7"; one of them is there.
std::string describe_limits(const std::optional<double>& least, const std::optional<double>& most);

}  // namespace mlpipe::spec
