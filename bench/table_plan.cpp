// How fast a table of text is cut into mini-batches: table_plan FILE [ROUNDS]. Prints the median in GB/s, of a file that is in memory.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "batch/plan/table_scan.h"

using namespace mlpipe;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const Path file(argv[1]);
  const auto kind = table_kind(file.string(), {});
  if (!kind) return 2;
  std::vector<double> rates;
  const int rounds = argc > 2 ? std::stoi(argv[2]) : 5;
  for (int round = 0; round <= rounds; ++round) {
    RowWindow window;
    const auto start = std::chrono::steady_clock::now();
    const auto rows = cut_rows(file, *kind, 1 << 20, window);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!rows || rows->ranges.empty()) return std::fprintf(stderr, "%s\n", rows ? "no rows" : rows.error().message.c_str()), 1;
    if (round > 0) rates.push_back(static_cast<double>(rows->ranges.back().end) / took.count() / 1e9);  // the first one warms up
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%.2f GB/s\n", rates[rates.size() / 2]);
}
