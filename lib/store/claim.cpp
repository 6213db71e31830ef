// Claiming a fingerprint and publishing its result.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <ctime>

#include "base/text.h"
#include "store/objects.h"
#include "store/records.h"
#include "store/store.h"
#include "store/store_size.h"

namespace mlpipe {
namespace {

std::string claim_name(const Digest& fingerprint) { return "claim " + fingerprint.hex(); }

// gc has them alone for a moment only; this is for one that was stopped in the middle.
constexpr auto longest_gc = std::chrono::minutes(1);

Result<Lock> share(const Store& store, std::string_view name) {
  MLPIPE_TRY(auto lock, store.locks().wait_lock(name, LockFile::Share::shared, longest_gc));
  if (lock) return std::move(*lock);
  return Error{ErrorKind::store, fmt::format("something holds the store {}: {}", shown_path(store.root()), join(store.locks().holders(name), ", ")),
               "wait for it to end, or end it"};
}

}  // namespace

Result<Lock> Store::undisturbed() const { return share(*this, gc_lock); }

Result<Lock> Store::in_use() const { return share(*this, use_lock); }

// Not every time: each of a hundred steps' records would have to be written back before a run that does nothing has ended.
void Store::mark_used(const Digest& fingerprint) const {
  const Path path = result_path(fingerprint);
  constexpr auto grain = std::chrono::seconds(use_grain).count();
  const std::time_t now = std::time(nullptr);
  struct stat st;
  if (::stat(path.c_str(), &st) == 0 && st.st_mtime <= now && st.st_mtime > now - grain) return;
  (void)::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

Result<Claim> Store::claim(const Digest& fingerprint, bool want_hit) const {
  MLPIPE_TRY(const Lock still, undisturbed());
  const auto hit = [&](StepResult& result) {
    mark_used(fingerprint);
    return Claim(Hit{std::move(result)});
  };
  if (want_hit) {
    if (auto result = find(fingerprint)) return hit(*result);
  }
  MLPIPE_TRY(auto lock, locks().try_lock(claim_name(fingerprint)));
  if (!lock) return Claim(Busy{});
  if (want_hit) {  // it may have been published between the look and the lock
    if (auto result = find(fingerprint)) return hit(*result);
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
  std::vector<PreparedObject> objects;
  for (std::size_t i = 0; i < built.size(); ++i) {
    MLPIPE_TRY(auto object, prepare_object(built[i], store_->object_path(result.outputs[i]), result.outputs[i].file));
    objects.push_back(std::move(object));
  }
  // What takes its time was done before: nobody waits long for us.
  MLPIPE_TRY(const Lock still, store_->undisturbed());
  std::uint64_t added = 0;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    MLPIPE_TRY(const bool is_new, place_object(objects[i], store_->object_path(result.outputs[i])));
    if (is_new) added += about_size(result.outputs[i]);
  }
  MLPIPE_TRY_VOID(write_file(store_->result_path(fingerprint_), sealed(encode(result)), Durability::content));
  add_to_size(*store_, added);
  return {};
}

}  // namespace mlpipe
