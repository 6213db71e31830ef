#include "report/html/mini_batch_facts.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

using namespace mlpipe;

namespace {

const std::string header =
    "Mini-batch Id,Picked Count,Process,Start Time,Total,Succeeded,Failed,Elapsed Seconds,Process Seconds,Run Method Seconds,Status,"
    "Error Category,Error Message,Mini-batch Detail\n";

std::string line(int id, int worker, int milliseconds, const std::string& elapsed, const std::string& rest) {
  return fmt::format("{},1,process{:03},2026-11-23T00:15:30.{:03}Z,10,10,0,{},0.1,0.1,{},\"{{}}\"\n", id, worker, milliseconds, elapsed, rest);
}

}  // namespace

TEST_CASE("mini-batches: times count from the first that began, sums are those of each worker") {
  const auto facts = html::mini_batch_facts(header + line(1, 0, 250, "0.500000", "RUN_DONE,,") + line(0, 12, 200, "0.250000", "RUN_DONE,,") +
                                            line(2, 0, 800, "0.125000", "RUN_EXCEPTION,exception,\"a, \"\"b\"\"\nc\""));
  CHECK(facts.tries.mini_batch == std::vector<std::uint64_t>{1, 0, 2});
  CHECK(facts.tries.begun == std::vector<std::uint64_t>{50'000, 0, 600'000});
  CHECK(facts.tries.elapsed == std::vector<std::uint64_t>{500'000, 250'000, 125'000});
  CHECK(facts.all_tries == 3);
  CHECK(facts.failed_tries == 1);
  CHECK(facts.items == 20);
  CHECK(facts.most == 500'000);
  REQUIRE(facts.workers.size() == 2);
  CHECK(facts.workers[1].worker == 12);
  CHECK(facts.workers[0].busy == 625'000);
  CHECK(facts.workers[0].failed_tries == 1);
  REQUIRE(facts.failures.size() == 1);
  CHECK(facts.failures[0].message == "a, \"b\"\nc");
}

TEST_CASE("mini-batches: of very many tries failed ones stay, others are thinned out, sums are of all") {
  std::string text = header;
  for (int i = 0; i < 1000; ++i) text += line(i, 0, i, "0.001", i % 100 == 7 ? "RUN_EXCEPTION,exception,x" : "RUN_DONE,,");
  const auto facts = html::mini_batch_facts(text, 100);
  CHECK(facts.all_tries == 1000);
  CHECK(facts.failed_tries == 10);
  CHECK(facts.tries.good.size() == 110);
  CHECK(std::count(facts.tries.good.begin(), facts.tries.good.end(), false) == 10);
}

TEST_CASE("mini-batches: damaged lines are left out, whatever they are") {
  for (const char* bad : {"", "1,2\n", "x,1,process000,2026-11-23T00:15:30.000Z,1,1,0,1,1,1,RUN_DONE,,,\n", "1,1,process000,yesterday,1,1,0,1,1,1,RUN_DONE,,,\n",
                          "1,1,process000,2026-11-23T00:15:30.000Z,1,1,0,nan,1,1,RUN_DONE,,,\n", "1,1,process000,2026-11-23T00:15:30.000Z,1,1,0,-1,1,1,RUN_DONE,,,\n", "\"\n"})
    CHECK(html::mini_batch_facts(header + bad).all_tries == 0);
  CHECK(html::mini_batch_facts("").all_tries == 0);
  CHECK(html::mini_batch_facts("a,b\n1,2\n").all_tries == 0);
}
