#include "base/trace_context.h"

#include <doctest/doctest.h>

#include <set>

using namespace mlpipe;

TEST_CASE("a traceparent is read and written as the standard has it") {
  const std::string text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto context = parse_traceparent(text);
  REQUIRE(context);
  CHECK(context->trace_high == 0x0af7651916cd43ddu);
  CHECK(context->trace_low == 0x8448eb211c80319cu);
  CHECK(context->span == 0xb7ad6b7169203331u);
  CHECK(context->sampled);
  CHECK(traceparent(*context) == text);
}

TEST_CASE("a later version may say more, and other flags are not ours") {
  const auto later = parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02-more");
  REQUIRE(later);
  CHECK_FALSE(later->sampled);
}

TEST_CASE("what is no traceparent is none") {
  for (const char* text : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x", "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    CHECK_MESSAGE(!parse_traceparent(text), text);
}

TEST_CASE("a child's span follows from its name and what it is part of, and from nothing else") {
  const TraceContext run{1, 2, 3};
  CHECK(child_of(run, "train") == child_of(run, "train"));
  CHECK(child_of(run, "train").trace_low == 2);
  std::set<std::uint64_t> spans;
  for (const char* name : {"train", "score", "", "a", "b"}) spans.insert(child_of(run, name).span);
  spans.insert(child_of({1, 2, 4}, "train").span);
  spans.insert(child_of({1, 3, 3}, "train").span);
  spans.insert(child_of(child_of(run, "train"), "train").span);
  CHECK(spans.size() == 8);
}
