#include <doctest/doctest.h>

#include "scoring/package/package_inputs.h"

using namespace mlpipe;

namespace {

// As Inductor writes its checks.
std::string fixed(int input, int side, int size) {
  return "    ss << \"input_handles[" + std::to_string(input) + "]: unmatched dim value at " + std::to_string(side) + ", \"\n       << \"expected: " + std::to_string(size) +
         ", \" << \"but got: \" << arg_size[0]\n       << \"\\n\";\n";
}
std::string at_least(int input, int side, int size) {
  return "    ss << \"input_handles[" + std::to_string(input) + "]: dim value is too small at " + std::to_string(side) + ", \"\n       << \"expected it to be >= " +
         std::to_string(size) + ", \" << \"but got: \"\n       << arg_size[0] << \"\\n\";\n";
}
std::string at_most(int input, int side, int size) {
  return "    ss << \"input_handles[" + std::to_string(input) + "]: dim value is too large at " + std::to_string(side) + ", \"\n       << \"expected to be <= " +
         std::to_string(size) + ", \" << \"but got: \"\n       << arg_size[0] << \"\\n\";\n";
}
const std::string type = "    ss << \"input_handles[0]: unmatched dtype, \"\n       << \"expected: \" << 6 << \"(at::kFloat), \";\n";
const std::string stride = "    ss << \"input_handles[0]: unmatched stride value at 0, \"\n       << \"expected: 20, \";\n";

}  // namespace

TEST_CASE("package inputs: what the source checks is what may go in") {
  const auto inputs = package_inputs(type + at_least(0, 0, 2) + at_most(0, 0, 4096) + fixed(0, 1, 20) + stride + at_most(1, 0, 100) + fixed(1, 1, 3) + fixed(1, 2, 5));
  REQUIRE(inputs.size() == 2);
  CHECK(inputs[0] == PackageInput{{2, 4096}, {20, 20}});
  CHECK(inputs[1] == PackageInput{{1, 100}, {3, 3}, {5, 5}});
  CHECK(batch_range(inputs) == SizeRange{2, 100});
  CHECK(batches_text(batch_range(inputs)) == "batches of 2 to 100 rows");
}

TEST_CASE("package inputs: a source that says nothing allows all") {
  CHECK(package_inputs("").empty());
  CHECK(package_inputs("int main() {}").empty());
  CHECK(batch_range({}) == SizeRange{});
  CHECK(batch_range({{{0, 0}}, {{7, 3}}}).fixed());  // contradictions make no empty range
  CHECK(check_rows({}, {{20}}));
  CHECK(check_batch_size({}, 65536));
}

TEST_CASE("package inputs: damaged source takes no memory and no time") {
  CHECK(package_inputs(fixed(999999999, 0, 4)).empty());
  CHECK(package_inputs(fixed(0, 999999999, 4)).empty());
  CHECK(package_inputs("\"input_handles[99999999999999999999999]: unmatched dim value at 0").empty());
  const std::string good = at_least(0, 0, 2) + fixed(0, 1, 20);
  for (std::size_t end = 0; end < good.size(); ++end) static_cast<void>(package_inputs(std::string_view(good).substr(0, end)));
  CHECK(package_inputs(good) == std::vector<PackageInput>{{SizeRange{2, SizeRange{}.most}, {20, 20}}});
}

TEST_CASE("package inputs: rows of another shape are named") {
  const auto inputs = package_inputs(fixed(0, 0, 4) + fixed(0, 1, 3) + at_least(0, 2, 32));
  CHECK(check_rows(inputs, {{3, 64}}));
  CHECK(check_rows(inputs, {{3, 31}}).error().message == "input 1 of the package takes rows of shape [3, 32 or more], and scoring gives [3, 31]");
  CHECK_FALSE(check_rows(inputs, {{3}}));
  CHECK(check_rows(inputs, {{3, 64}, {1}}).error().message == "the package takes 1 input, and scoring gives 2");
}

TEST_CASE("package inputs: a batch size that does not fit is an error that names the right one") {
  const auto refused = check_batch_size({4, 4}, 8);
  CHECK(refused.error().message == "the package takes batches of 4 rows, and batch_size is 8");
  CHECK(refused.error().hint == "batch_size: 4, or leave it away");
  CHECK(check_batch_size({4, 4}, 4));
  CHECK(check_batch_size({2, 512}, 1).error().message == "the package takes batches of 2 to 512 rows, and batch_size is 1");
}
