// How an output becomes an object: whole or not at all, whatever dies when.
#pragma once

#include <string>

#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

// An output that is ready to be renamed into place: without links, synced.
struct PreparedObject {
  Path folder;
  bool there = false;  // the object held the same bytes already: it need not be synced then
};
// Of `built` (a folder, or with `file` a file).
Result<PreparedObject> prepare_object(const Path& built, const Path& object, const std::string& file);
// Moves it to the object folder, synced. Where an object stands already it is kept if it holds the same bytes, else replaced in
// one step. Returns whether it is new.
Result<bool> place_object(const PreparedObject& prepared, const Path& object);

// Replaces every link in a tree by a copy of what it points to: a link would break, or change its meaning, with the move.
Status settle_links(const Path& path);

// Both hold the same names, bytes and executable bits, and no link. Anything unreadable is a difference.
bool same_content(const Path& left, const Path& right);

}  // namespace mlpipe
