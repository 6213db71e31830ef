// The machine we are on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "system/files.h"

namespace mlpipe {

int usable_cores();                // CPU affinity and cgroup quota respected, at least 1
std::uint64_t physical_memory();   // bytes, cgroup limit respected
// Processes that the kernel has killed so far because memory ran out, here or in the cgroups that hold us: only a rise means
// anything. 0 where the kernel does not count.
std::uint64_t oom_kills();
// The number behind "oom_kill" in a text such as /proc/vmstat, memory.events or memory.oom_control; 0: none.
std::uint64_t oom_kills_in(std::string_view text);
Path executable_path();            // of the running mlpipe
// The first existing of <bin>/../lib/mlpipe/NAME and <bin>/../share/mlpipe/NAME, as built and as installed.
std::optional<Path> find_module(const std::string& name);
// The executable that `name` means to a shell with this value of PATH; nothing when there is none.
std::optional<Path> find_program(const std::string& name, const std::string& path_variable);
bool is_terminal(int fd);
// Whether the first processor has this flag in /proc/cpuinfo ("avx512f").
bool processor_has(std::string_view flag);

}  // namespace mlpipe
