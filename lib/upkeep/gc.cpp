#include "upkeep/gc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "reuse/digest_index.h"
#include "store/aside.h"
#include "store/run_places.h"
#include "store/store_size.h"

namespace mlpipe {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_wait = 5s;       // for those who work with the store
constexpr auto clock_grain = 10s;       // time stamps of files may lag behind the clock
constexpr auto beginning = 10min;       // of a run, at most
constexpr auto unused_aid = 24h * 90;  // indexes, source copies, downloads and unpacked models only make runs quicker

// What there is, who holds what, and what may go. Names of items are their handles.
class Choice {
 public:
  Choice(Contents& contents, const GcPolicy& policy, WallTime now) : contents_(contents), policy_(policy), now_(now) {}

  GcPlan plan() {
    for (const Item& item : contents_.items()) pieces_.emplace(item.name, Piece{item});
    for (const auto& [name, piece] : pieces_) size_ += piece.item.bytes;
    plan_.before = size_;
    plan_.max_size = policy_.max_size;
    choose_runs();
    hold_results();
    keep_unfinished();
    remove_unheld();
    remove_oldest();
    remove_notes_and_indexes();
    return finish();
  }

 private:
  struct Piece {
    Item item;
    std::size_t holders = 0;  // that stay
    bool kept = false;
    bool removed = false;
    std::vector<std::string> holds{};
  };

  Piece* find(const std::string& name) {
    const auto found = pieces_.find(name);
    return found == pieces_.end() ? nullptr : &found->second;
  }

  void keep(const std::string& name) {
    if (Piece* piece = find(name)) piece->kept = true;
  }

  void hold(Piece& holder, const std::string& name) {
    Piece* piece = find(name);
    if (!piece) return;
    ++piece->holders;
    holder.holds.push_back(name);
  }

  void hold_all(Piece& holder, const std::vector<StoredOutput>& outputs) {
    for (const StoredOutput& output : outputs)
      for (const std::string& name : contents_.named_by(output)) hold(holder, name);
  }

  void choose_runs() {
    std::map<Path, std::size_t> of_spec;
    std::set<std::string> again;  // runs whose code a run that stays may need to be run again; they are older than it
    for (const RunInfo& run : contents_.runs()) {
      const std::string& id = run.header.id;
      const bool alive = run.state == RunState::running;
      const bool unswept = path_exists(active_marker(contents_.store().root(), id));
      const bool young = policy_.max_age && run.header.started > now_ - *policy_.max_age;
      const bool newest = of_spec[run.header.spec]++ < policy_.keep_runs;
      const bool stays = alive || unswept || young || newest || again.count(id);
      if (stays) again.insert(run.header.rerun_of);
      if (alive) ++plan_.living;
      if (alive) oldest_living_ = std::min(oldest_living_, run.header.started);
      if (stays) ++plan_.kept;
      if (stays && run.state == RunState::killed) killed_.push_back(run.header.started);
      take_run(run, stays);
    }
  }

  void take_run(const RunInfo& run, bool stays) {
    Piece* piece = find("runs/" + run.header.id);
    if (!piece) return;
    piece->kept = stays;
    for (const StepRecord& step : run.steps) {
      if (step.fingerprint) {
        for (const std::string& name : contents_.named_by(*step.fingerprint)) hold(*piece, name);
        if (stays) keep(name_of_result(*step.fingerprint));
        if (stays) keep("partial/" + step.fingerprint->hex());
      }
      if (stays) hold_all(*piece, step.outputs);
    }
    if (stays) hold_all(*piece, run.header.given);
  }

  // A living run may have taken it and not recorded that yet.
  bool in_use(const Item& item) const { return plan_.living > 0 && item.used >= oldest_living_ - Store::use_grain - clock_grain; }

  void hold_results() {
    for (const auto& [fingerprint, result] : contents_.results()) {
      Piece* piece = find(name_of_result(fingerprint));
      if (!piece) continue;
      piece->kept |= in_use(piece->item);
      for (const std::string& name : contents_.named_by(fingerprint)) hold(*piece, name);
      hold_all(*piece, result.outputs);
    }
  }

  // Of a run that was killed no record tells which steps it had begun: what was written since it began may be one.
  void keep_unfinished() {
    for (auto& [name, piece] : pieces_) {
      if (piece.item.kind != Kind::unfinished) continue;
      const auto fingerprint = Digest::parse(Path(name).filename().native());
      const auto claimed = fingerprint ? contents_.store().is_claimed(*fingerprint) : Result<bool>(false);
      const WallTime used = piece.item.used;
      piece.kept |= !claimed || *claimed || std::any_of(killed_.begin(), killed_.end(), [&](WallTime began) { return used >= began - clock_grain; });
    }
  }

  static bool is_held_kind(Kind kind) { return kind == Kind::object || kind == Kind::text || kind == Kind::code; }

  void remove(Piece& piece) {
    if (piece.removed) return;
    piece.removed = true;
    size_ -= piece.item.bytes;
    for (const std::string& name : piece.holds) {
      Piece& held = *find(name);
      if (--held.holders == 0 && !stays_unheld(held)) remove(held);
    }
  }

  // Texts and code are written before the result that names them, and a checkout is taken before the run that reads it begins.
  bool stays_unheld(const Piece& piece) const {
    if (piece.item.name.starts_with("code/checkouts/") && piece.item.used >= now_ - beginning) return true;
    return piece.item.kind != Kind::object && in_use(piece.item);
  }

  void remove_unheld() {
    for (auto& [name, piece] : pieces_) {
      const bool unheld = is_held_kind(piece.item.kind) && piece.holders == 0 && !stays_unheld(piece);
      if (unheld || piece.item.kind == Kind::leftover) remove(piece);
    }
  }

  void remove_oldest() {
    std::vector<Piece*> candidates;
    for (auto& [name, piece] : pieces_) {
      const Item& item = piece.item;
      const bool aid = item.kind == Kind::copy || item.kind == Kind::download || item.kind == Kind::model;
      const bool can_go = item.kind == Kind::result || item.kind == Kind::run || item.kind == Kind::unfinished ||
                          (aid && !in_use(item) && (policy_.max_size || item.used < now_ - unused_aid));
      if (can_go && !piece.kept) candidates.push_back(&piece);
    }
    std::stable_sort(candidates.begin(), candidates.end(), [](const Piece* a, const Piece* b) { return a->item.used < b->item.used; });
    for (Piece* piece : candidates) {
      if (policy_.max_size && size_ <= *policy_.max_size) return;
      remove(*piece);
    }
  }

  bool stays_named(const std::string& name) {
    const Piece* piece = find(name);
    return piece && !piece->removed;
  }

  // A note is "<run> <fingerprint> <state>".
  bool leads_nowhere(const Item& note) {
    const auto text = read_file(contents_.store().root() / note.name);
    const auto words = text ? split(trim(*text), ' ') : std::vector<std::string_view>();
    if (words.size() < 2) return true;
    return !stays_named("runs/" + std::string(words[0])) && !stays_named("results/" + std::string(words[1]));
  }

  bool useless_index(const Item& index) {
    if (index.used < now_ - unused_aid) return true;
    const auto root = root_of_index(contents_.store().root() / index.name);
    if (!root) return false;
    const Path below = root->lexically_relative(contents_.store().root());
    const std::string folder = std::distance(below.begin(), below.end()) > 1 ? below.begin()->string() : std::string();
    if (folder == "objects" || folder == "copies" || folder == "downloads" || folder == "models") return !stays_named(folder + "/" + std::next(below.begin())->string());
    return !path_exists(*root);
  }

  void remove_notes_and_indexes() {
    for (auto& [name, piece] : pieces_) {
      if (piece.item.kind == Kind::note && !in_use(piece.item) && leads_nowhere(piece.item)) remove(piece);
      if (piece.item.kind == Kind::index && useless_index(piece.item)) remove(piece);
    }
  }

  // Results first: whenever moving is cut short, no result names what is gone.
  GcPlan finish() {
    for (const auto& [name, piece] : pieces_) {
      if (piece.removed) {
        plan_.removed.push_back(piece.item);
        continue;
      }
      Sum& sum = plan_.stays[piece.item.kind];
      ++sum.count;
      sum.bytes += piece.item.bytes;
    }
    std::stable_sort(plan_.removed.begin(), plan_.removed.end(), [](const Item& a, const Item& b) { return a.kind < b.kind; });
    plan_.after = size_;
    return std::move(plan_);
  }

  Contents& contents_;
  const GcPolicy& policy_;
  const WallTime now_;
  std::map<std::string, Piece> pieces_;
  std::vector<WallTime> killed_;  // when kept runs began that were killed
  WallTime oldest_living_ = WallTime::max();
  std::uint64_t size_ = 0;
  GcPlan plan_;
};

Result<Lock> have_alone(const Store& store, std::string_view name) {
  MLPIPE_TRY(auto lock, store.locks().wait_lock(name, LockFile::Share::exclusive, longest_wait));
  if (lock) return std::move(*lock);
  const auto holders = store.locks().holders(name);
  return Error{ErrorKind::store, fmt::format("the store {} is in use by {}", shown_path(store.root()), holders.empty() ? "another process" : join(holders, ", ")),
               "try again when it has ended; nothing was removed"};
}

// What somebody else has removed meanwhile is fine.
Status move_aside(const Store& store, const std::vector<Item>& items, const Path& aside) {
  Status first;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Path path = store.root() / items[i].name;
    if (std::rename(path.c_str(), (aside / std::to_string(i)).c_str()) == 0 || errno == ENOENT || !first) continue;
    first = Error{ErrorKind::store, fmt::format("cannot remove {}: {}", shown_path(path), errno_reason(errno)), "look at its permissions"};
  }
  return first;
}

}  // namespace

std::map<Kind, Sum> GcPlan::removed_by_kind() const {
  std::map<Kind, Sum> sums;
  for (const Item& item : removed) {
    Sum& sum = sums[item.kind];
    ++sum.count;
    sum.bytes += item.bytes;
  }
  return sums;
}

Result<GcPlan> plan_gc(const Store& store, const GcPolicy& policy, const Clock& clock) {
  Contents contents(store);
  MLPIPE_TRY_VOID(contents.refresh());
  return Choice(contents, policy, clock.wall()).plan();
}

Result<GcPlan> collect(const Store& store, const GcPolicy& policy, const Clock& clock) {
  Contents contents(store);
  MLPIPE_TRY_VOID(contents.refresh());
  Choice(contents, policy, clock.wall()).plan();  // reads what takes long, before others have to wait
  MLPIPE_TRY(const AsideFolder aside, AsideFolder::make(store));
  GcPlan plan;
  Status moved;
  {
    MLPIPE_TRY(const Lock alone, have_alone(store, Store::use_lock));
    MLPIPE_TRY(const Lock still, have_alone(store, Store::gc_lock));
    MLPIPE_TRY_VOID(contents.refresh());
    plan = Choice(contents, policy, clock.wall()).plan();
    moved = move_aside(store, plan.removed, aside.path());
  }
  if (!moved) return moved.error();
  note_size(store, plan.after);
  return plan;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (lower(text).ends_with("tb")) {
    const auto gigabytes = parse_count_or_bytes(std::string(text.substr(0, text.size() - 2)) + "gb");
    return gigabytes && gigabytes->value < (std::int64_t{1} << 52) ? std::optional<std::uint64_t>(gigabytes->value << 10) : std::nullopt;
  }
  const auto size = parse_count_or_bytes(text);
  return size ? std::optional<std::uint64_t>(size->value) : std::nullopt;
}

std::optional<Seconds> parse_age(std::string_view text) {
  constexpr std::pair<char, int> units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 24 * 3600}, {'w', 7 * 24 * 3600}};
  const auto count = text.size() < 2 ? std::nullopt : parse_integer(text.substr(0, text.size() - 1));
  if (!count || *count < 0 || *count > 1'000'000) return std::nullopt;
  for (const auto& [unit, seconds] : units)
    if (text.back() == unit) return Seconds(static_cast<double>(*count) * seconds);
  return std::nullopt;
}

}  // namespace mlpipe
