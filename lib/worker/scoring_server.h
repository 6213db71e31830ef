// The fork server of native workers: a process that opens a scoring module and a model once, single-threaded, and forks a
// worker per request. It is mlpipe itself, started as `mlpipe __scoring-server` with its control socket as fd 3.
//
//   runner -> server   frame "open": str module path, str configuration (scoring/configuration.h)
//                      frame "fork": u32 worker number, with three descriptors by SCM_RIGHTS: worker socket, stdout, stderr
//   server -> runner   frame "opened": str facts (scoring/model_facts.h), or "open_failed": str reason
//                      frame "forked": u32 worker number, u32 pid, with its pidfd by SCM_RIGHTS; or "fork_failed": u32, str
//                      frame "exited": u32 worker number, i32 status as waitpid gives it, u64 peak rss bytes,
//                      u64 microseconds of CPU time
// Never forks unless /proc/self/task has exactly one entry. EOF on the control socket ends it and all its workers.
#pragma once

namespace mlpipe {

// The name of the hidden command.
inline constexpr const char* scoring_server_command = "__scoring-server";

// Runs until its control socket closes, then ends the process without LibTorch's slow destructors.
[[noreturn]] int scoring_server_main();

}  // namespace mlpipe
