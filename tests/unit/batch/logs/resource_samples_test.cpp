// What /proc says, and the samples made of it: against a folder that looks like /proc.
#include "batch/logs/resource_samples.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/text.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

class SetClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'700'000'000)) + elapsed; }
  SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)) + elapsed; }
  std::chrono::milliseconds elapsed{0};
};

// Of proc(5): pid (comm) state ppid ... utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss
std::string stat_line(const std::string& pid, const std::string& name, int ticks, int threads, int pages) {
  return pid + " (" + name + ") S 1 2 3 4 5 6 7 8 9 10 " + std::to_string(ticks) + " 2 3 4 20 0 " + std::to_string(threads) +
         " 0 12345 99999 " + std::to_string(pages) + " 18446744073709551615 1 2\n";
}

std::vector<std::string> fields(const std::string& file, std::size_t line) {
  const auto lines = split(file, '\n');
  std::vector<std::string> words;
  if (line < lines.size())
    for (const auto word : split(lines[line], ',')) words.emplace_back(word);
  return words;
}

struct Machine {
  test::TempFolder folder;
  SetClock clock;

  Machine() {
    folder.write("proc/meminfo", "MemTotal:        1048576 kB\nMemFree: 1 kB\nMemAvailable:     262144 kB\nSwapTotal: 2048 kB\nSwapFree: 1024 kB\n");
    folder.write("proc/loadavg", "1.25 0.10 0.05 2/345 6789\n");
    cpu(100, 900);
    worker(100, 4);
  }
  void cpu(int busy, int idle) { folder.write("proc/stat", "cpu  " + std::to_string(busy) + " 0 0 " + std::to_string(idle) + " 0 0 0 0 0 0\ncpu0 1 1\n"); }
  void worker(int ticks, int child_pages) {
    folder.write("proc/41/stat", stat_line("41", "py) (thon", ticks, 3, 10));
    folder.write("proc/41/status", "Name:\tpython\nVmHWM:\t    2048 kB\n");
    folder.write("proc/41/task/41/children", "42 ");
    folder.write("proc/41/task/43/children", "");
    folder.write("proc/42/stat", stat_line("42", "sh", 1, 1, child_pages));
  }
  std::string file(const char* name) const { return test::read(folder / "perf" / name); }
};

}  // namespace

TEST_CASE("values of /proc/meminfo and /proc/PID/status") {
  CHECK(bytes_of("MemTotal:  2 kB\nMemTotalX: 3 kB\n", "MemTotal") == 2048);
  for (const auto* text : {"", "MemTotal", "MemTotal:", "MemTotal: kB", "MemTotal: -1 kB", "MemTotal: 5", "MemTotal: 5 MB", "MemTotal: 9999999999999999999 kB"})
    CHECK_FALSE(bytes_of(text, "MemTotal"));
}

TEST_CASE("processor ticks: waiting for disks is idle, guests count once") {
  const auto ticks = cpu_ticks("cpu  10 1 5 100 20 2 3 4 7 7\ncpu0 1 1 1 1 1\n");
  REQUIRE(ticks);
  CHECK(ticks->busy == 25);
  CHECK(ticks->all == 145);
  CHECK_FALSE(cpu_ticks("intr 5"));
  CHECK_FALSE(cpu_ticks("cpu  1 2 three 4 5"));
  CHECK_FALSE(cpu_ticks("cpu  1 2 3"));
}

TEST_CASE("a process may have any name") {
  const auto process = process_stat(stat_line("7", "a) S 1 (b", 100, 8, 500));
  REQUIRE(process);
  CHECK(process->cpu_ticks == 102);
  CHECK(process->children_ticks == 7);
  CHECK(process->threads == 8);
  CHECK(process->rss_pages == 500);
  CHECK_FALSE(process_stat(""));
  CHECK_FALSE(process_stat("7 (x) S 1 2"));
  CHECK_FALSE(process_stat("7 (x"));
}

TEST_CASE("children are numbers above zero") {
  CHECK(children_of("12 7 ") == std::vector<long long>{12, 7});
  CHECK(children_of("x -3 0\n").empty());
}

TEST_CASE("samples: the machine, a worker with its children, the disks") {
  Machine machine;
  ResourceSamples samples(machine.folder / "perf", {machine.folder.path(), machine.folder / "proc", "/nowhere", ""}, machine.clock, machine.folder / "proc");
  samples.take({{"process000", 41}});
  machine.clock.elapsed = std::chrono::seconds(2);
  machine.cpu(200, 1000);
  machine.worker(100 + static_cast<int>(::sysconf(_SC_CLK_TCK)), 30);
  samples.take({{"process000", 41}, {"process001", 77}});

  const auto node = machine.file("node_resource_usage.csv");
  CHECK(node.starts_with("Time,CPU Percent,Load Average,Memory Total (MB),Memory Used (MB),Memory Available (MB),Memory Percent,Swap Used (MB)\n"));
  CHECK(fields(node, 1) == std::vector<std::string>{"2023-11-14T22:13:20.000Z", "", "1.25", "1024.0", "768.0", "256.0", "75.0", "1.0"});
  CHECK(fields(node, 2)[1] == "50.0");

  const auto page_mb = static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
  const auto first = fields(machine.file("processes_resource_usage.csv"), 1), second = fields(machine.file("processes_resource_usage.csv"), 2);
  REQUIRE(first.size() == 9);
  CHECK(first[1] == "process000");
  CHECK(first[2] == "41");
  CHECK(first[3] == "2");
  CHECK(first[4] == "4");
  CHECK(std::stod(first[5]) == doctest::Approx(14 * page_mb).epsilon(0.6));
  CHECK(first[6] == "2.0");
  CHECK(first[8] == "");
  CHECK(second[8] == "50.0");
  CHECK(fields(machine.file("processes_resource_usage.csv"), 3) == std::vector<std::string>{""});

  const auto disks = machine.file("node_disk_usage.csv");
  CHECK(fields(disks, 1)[1] == machine.folder.path().string());
  CHECK(fields(disks, 3) == std::vector<std::string>{""});
}

TEST_CASE("a machine that tells nothing gives empty fields, and processes in a ring no endless walk") {
  test::TempFolder folder;
  SetClock clock;
  folder.write("proc/5/stat", stat_line("5", "x", 1, 1, 1));
  folder.write("proc/5/task/5/children", "5");
  ResourceSamples samples(folder / "perf", {}, clock, folder / "proc");
  samples.take({{"process000", 5}});
  CHECK(test::read(folder / "perf/node_resource_usage.csv").ends_with("\n2023-11-14T22:13:20.000Z,,,,,,,\n"));
  CHECK(fields(test::read(folder / "perf/processes_resource_usage.csv"), 1)[6] == "");
}
