// The text that saved plans are made of: numbers ended by '\n'; texts of any bytes, either ended by a zero byte, or with
// their length before them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mlpipe {

class PlanWriter {
 public:
  explicit PlanWriter(std::string_view heading) : text(heading) {}
  PlanWriter& number(std::uint64_t value);
  PlanWriter& name(const std::string& value);     // without zero bytes
  PlanWriter& bytes(std::string_view value);

  std::string text;
};

// Takes fields off the front of a text. One that is missing makes it bad for good; what it then gives means nothing.
class PlanReader {
 public:
  explicit PlanReader(std::string_view text) : rest_(text) {}
  std::uint64_t number();
  std::string name();
  std::string bytes();
  // A number of things that take at least `least` bytes each: never more than the text can hold.
  std::uint64_t count(std::uint64_t least = 1);
  std::string_view rest() const { return rest_; }
  bool done() const { return good && rest_.empty(); }

  bool good = true;

 private:
  std::string_view until(char end);

  std::string_view rest_;
};

Error damaged_plan();

}  // namespace mlpipe
