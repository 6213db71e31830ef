#include "scoring/row_collector.h"

#include <doctest/doctest.h>

#include <string_view>

using namespace mlpipe;

namespace {

class Told {
 public:
  explicit Told(std::size_t items) : collected(items), sink(collected.sink()) {}

  void rows(std::size_t item, std::size_t count, std::string_view text) { sink.rows(sink.context, item, count, text.data(), text.size()); }
  void fail(std::size_t item) { sink.failed(sink.context, item, "no", 2); }

  RowCollector collected;
  mlpipe_row_sink sink;
};

}  // namespace

TEST_CASE("what an item gave before it failed is void, and nothing else is") {
  Told told(4);
  told.rows(0, 1, "a\n");
  told.rows(1, 1, "b1\n");
  told.rows(1, 1, "b2\n");
  told.fail(1);
  told.rows(1, 1, "b3\n");
  told.rows(2, 2, "c\nd\n");
  CHECK(told.collected.rows() == "a\nc\nd\n");
  CHECK(told.collected.reasons()[1] == "no");
  CHECK_FALSE(told.collected.reasons()[0]);
}

TEST_CASE("items that were told together stay, also when the next one fails") {
  Told told(4);
  told.rows(0, 3, "a\nb\nc\n");
  told.rows(3, 1, "d1\n");
  told.fail(3);
  CHECK(told.collected.rows() == "a\nb\nc\n");
}
