// Names inside the store that writers, readers and sweepers of runs share.
#pragma once

#include <string>

#include "store/run_record.h"

namespace mlpipe {

inline constexpr const char* record_name = "record.jsonl";

std::string run_lock_name(const std::string& id);
std::string run_token(const Path& root, const std::string& id);
Path active_marker(const Path& root, const std::string& id);
Path last_step_path(const Path& root, const Path& spec, const std::string& step);

// Written in place, in one call and at one length, not synced: only an accelerator, and much cheaper than a rename over an
// existing file, which makes some file systems write at once.
Status write_last_step(const Path& root, const Path& spec, const std::string& step, const LastStep& last);

}  // namespace mlpipe
