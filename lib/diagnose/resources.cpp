// Time, memory and signals.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "diagnose/entries.h"
#include "diagnose/evidence.h"

namespace mlpipe::diagnosis {
namespace {

std::optional<Recognised> step_timeout(const Facts& facts) {
  if (!failed(facts) || facts.kind != ErrorKind::timeout || !has(facts.error, "ran longer than its timeout of ")) return std::nullopt;
  return Recognised{"the step's own limit ended it: " + facts.error, "raise `timeout` of the step, or look at the end of its log for what it waited for"};
}

// "took longer than 90 s (run_invocation_timeout 60 s + task_overhead_timeout 30 s)"
std::optional<Recognised> try_timeout(const Facts& facts) {
  if (!failed(facts) || !is_parallel(facts)) return std::nullopt;
  const std::string words = own_error(facts);
  const auto limit = between(words, " took longer than ", ")");
  if (!limit || !has(*limit, "(run_invocation_timeout ")) return std::nullopt;
  const bool init = has(words, "init() took longer than ");
  return Recognised{fmt::format("a try may take {}); {} took longer and was killed, as Azure does at that sum", *limit, init ? "init()" : "run()"),
                    init ? "raise run_invocation_timeout, or load less in init()" : "raise run_invocation_timeout, or give run() less at a time: a smaller mini_batch_size"};
}

std::string memory_words(const Facts& facts) {
  std::string text = facts.peak_memory > 0 ? "its peak was " + format_bytes(facts.peak_memory) : "";
  if (facts.memory_limit > 0) text += fmt::format("{}there are {}", text.empty() ? "" : ", ", format_bytes(facts.memory_limit));
  return text;
}

// The kernel said so, or it filled nearly all there is.
bool killed_for_memory(const Facts& facts) {
  const bool nearly_all = facts.memory_limit > 0 && facts.peak_memory >= facts.memory_limit / 10 * 9;
  return facts.out_of_memory || (ending_signal(facts) == SIGKILL && facts.kind != ErrorKind::timeout && nearly_all);
}

// An exception that says so itself and ended it. Not that of a GPU: its memory is another.
std::string memory_exception(const Facts& facts) {
  if (const std::string line = last_line(facts); line == "what():  std::bad_alloc" && has(facts.output, "terminate called after throwing an instance of 'std::bad_alloc'")) return line;
  const std::string line = last_exception(facts);
  const std::string_view name = std::string_view(line).substr(0, line.find(": "));
  const bool python = name.ends_with("MemoryError") && !name.ends_with("OutOfMemoryError") && !has(name, " ");
  const bool torch = name == "RuntimeError" && has(line, "can't allocate memory") && !has(line, "CUDA");
  return python || torch ? shortened(line) : "";
}

std::optional<Recognised> out_of_memory(const Facts& facts) {
  if (!failed(facts)) return std::nullopt;
  const bool killed = killed_for_memory(facts);
  const std::string exception = killed ? "" : memory_exception(facts);
  if (!killed && exception.empty()) return std::nullopt;
  const std::string memory = killed ? memory_words(facts) : "";  // what it asked for in vain is in no peak
  const std::string cause = killed ? "the kernel killed it because memory ran out" : "it asked for more memory than it may have: " + exception;
  return Recognised{cause + (memory.empty() ? "" : "; " + memory),
                    is_parallel(facts) ? "a smaller process_count_per_node needs less at a time, and so may a smaller mini_batch_size" : "read its data in parts; `resources: {memory: 8GB}` keeps other steps from running beside it"};
}

bool is_crash(int signal) {
  constexpr std::array crashes = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
  return std::find(crashes.begin(), crashes.end(), signal) != crashes.end();
}

std::string debugger(const Facts& facts) {
  if (!is_parallel(facts)) return fmt::format("`mlpipe debug {} --gdb` runs it under gdb; PYTHONFAULTHANDLER=1 in environment_variables shows the Python lines", facts.step.name);
  return fmt::format("`mlpipe replay {} --mini-batch {} --gdb` runs it alone under gdb", facts.step.name, facts.mini_batch.value_or(0));
}

std::optional<Recognised> crashed(const Facts& facts) {
  if (!failed(facts) || !is_crash(ending_signal(facts))) return std::nullopt;
  if (!memory_exception(facts).empty()) return std::nullopt;
  if (ending_signal(facts) == SIGABRT) return Recognised{"it ended itself with SIGABRT: native code that failed a check of its own or let a C++ exception through, or os.abort()", debugger(facts)};
  return Recognised{"it ended as native code does that crashes: a library of its own, or one that was built for another machine or version", debugger(facts)};
}

std::optional<Recognised> killed(const Facts& facts) {
  if (!failed(facts) || ending_signal(facts) != SIGKILL || facts.kind == ErrorKind::timeout || killed_for_memory(facts)) return std::nullopt;
  const std::string memory = memory_words(facts);
  return Recognised{fmt::format("something other than mlpipe killed it with SIGKILL, and the kernel does not count it among those that it kills for memory{}", memory.empty() ? "" : " (" + memory + ")"),
                    "`kill -9`, a job system's limit or a container's end do that; journalctl or dmesg may say which"};
}

}  // namespace

Entries resource_entries() {
  return {
      {"step-timeout", "The step's own timeout", "The step has a `timeout` (v2: `limits.timeout`), and it was reached. All its processes were ended.", "`Job was canceled due to timeout`.",
       "raise it; the end of the log shows what it waited for.", step_timeout},
      {"try-timeout", "run() or init() took too long",
       "One try of a mini-batch may take `run_invocation_timeout` + `task_overhead_timeout` (60 + 30 seconds by default): both are printed, with the line of the script where it hung.",
       "`unable to finish within 90 seconds`, or a job that hangs.", "raise `run_invocation_timeout` or make mini-batches smaller.", try_timeout},
      {"out-of-memory", "Out of memory",
       "The kernel counts whom it kills for lack of memory; mlpipe compares that, the process's peak, and what the machine or its control group has. An exception that says so counts too.",
       "a vague error of the compute, `exits with returncode -9`, or a worker that is replaced in silence.", "fewer workers (`process_count_per_node`), smaller mini-batches, data read in parts.", out_of_memory},
      {"crashed", "Native code crashed", "The process ended by SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGABRT.", "`terminate called without an active exception`, or a vague error of the compute.",
       "`--gdb` of `mlpipe debug` and `mlpipe replay`. SIGILL often means a package that was built for another processor.", crashed},
      {"killed", "Killed by somebody else", "A SIGKILL that neither mlpipe sent nor the kernel counts as one for lack of memory.", "a vague error of the compute, e.g. of a low-priority node that was taken away.",
       "look who did it: `journalctl`, `dmesg`, the job system. Run it again: finished mini-batches are kept.", killed},
  };
}

}  // namespace mlpipe::diagnosis
