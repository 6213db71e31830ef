// Claiming a fingerprint and publishing its result.
#include <unistd.h>

#include <cassert>

#include "store/objects.h"
#include "store/records.h"
#include "store/store.h"

namespace mlpipe {
namespace {

std::string claim_name(const Digest& fingerprint) { return "claim " + fingerprint.hex(); }

}  // namespace

Result<Claim> Store::claim(const Digest& fingerprint, bool want_hit) const {
  if (want_hit) {
    if (auto result = find(fingerprint)) return Claim(Hit{std::move(*result)});
  }
  MLPIPE_TRY(auto lock, locks().try_lock(claim_name(fingerprint)));
  if (!lock) return Claim(Busy{});
  if (want_hit) {  // it may have been published between the look and the lock
    if (auto result = find(fingerprint)) return Claim(Hit{std::move(*result)});
  }
  return Claim(Slot(*this, fingerprint, std::move(*lock)));
}

Result<bool> Store::is_claimed(const Digest& fingerprint) const { return locks().is_locked(claim_name(fingerprint)); }

std::optional<StepResult> Store::find(const Digest& fingerprint) const {
  const auto text = read_file(result_path(fingerprint));
  auto result = text ? decode_result(*text) : std::nullopt;
  if (result && result->fingerprint != fingerprint) return std::nullopt;
  return result;
}

void Store::forget(const Slot& slot, const StepResult& damaged) const {
  if (damaged.fingerprint == slot.fingerprint_) ::unlink(result_path(slot.fingerprint_).c_str());
}

Status Slot::publish(const StepResult& result, const std::vector<Path>& built) {
  assert(result.fingerprint == fingerprint_ && result.outputs.size() == built.size());
  for (std::size_t i = 0; i < built.size(); ++i)
    MLPIPE_TRY_VOID(publish_object(built[i], store_->object_path(result.outputs[i]), result.outputs[i].file));
  const Path record = store_->result_path(fingerprint_);
  return write_file(record, encode(result) + "\n", Durability::content);
}

}  // namespace mlpipe
