#include "system/process_io.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "system/process.h"

using namespace mlpipe;

TEST_CASE("the writes of a process that ended, and of its children") {
  ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do /bin/echo 123456789; done; :"};
  auto child = Child::spawn(spec);
  REQUIRE(child);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child->pid()), &info, WEXITED | WNOWAIT) == 0);
  const WriteCounts counts = writes_of(child->pid());
  CHECK(counts.calls >= 10);
  CHECK(counts.bytes >= 100);
  (void)child->reap();
}

TEST_CASE("of a process that is not there: nothing") {
  CHECK(writes_of(-1).calls == 0);
  CHECK(writes_of(1 << 30).bytes == 0);
}
