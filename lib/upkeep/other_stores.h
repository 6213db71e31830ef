// Stores of others (--cache-from): what ours lacks may be in one of them. They are only ever read, and nothing about them is a
// failure: one that is damaged, of a newer format or gone is as if it were not there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace mlpipe {

class OtherStores {
 public:
  // Looked at in this order.
  explicit OtherStores(const std::vector<Path>& roots);

  // Why some of them are not looked at: a line each.
  const std::vector<std::string>& notices() const { return notices_; }

  struct Found {
    const Store* store;
    StepResult result;
  };
  // All that have a result; their outputs are not looked at.
  std::vector<Found> find(const Digest& fingerprint) const;

 private:
  std::vector<Store> stores_;
  std::vector<std::string> notices_;
};

// Copies the outputs below `work` (on our store's file system, made for this), holds them against their digests and publishes the
// result as ours. Kind store: it is damaged, there is no room, ...; nothing is published then.
Status borrow(const OtherStores::Found& found, const Store& ours, Slot& slot, const Path& work);

}  // namespace mlpipe
