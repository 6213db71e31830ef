#include "upkeep/contents.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "reuse/code_trees.h"
#include "reuse/ingredients.h"
#include "store/aside.h"
#include "store/run_places.h"
#include "store/store_size.h"

namespace mlpipe {
namespace {

// Written aside by somebody who may still be at it; later it is nobody's.
constexpr auto writing = std::chrono::hours(1);

constexpr std::string_view aside_mark = ".tmp-";

bool is_aside_name(const std::string& name) { return name.find(aside_mark) != std::string::npos; }

// By the process in its name, "x.tmp-<pid>-...". A process of another container is taken for dead: only where that does no harm.
bool maker_is_gone(const std::string& name) {
  const std::string_view mark = std::string_view(name).substr(name.find(aside_mark) + aside_mark.size());
  const auto pid = parse_integer(mark.substr(0, mark.find('-')));
  return pid && *pid > 0 && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
}

WallTime time_of(const timespec& time) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

WallTime last_use(Kind kind, const Path& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return {};
  WallTime time = time_of(st.st_mtim);
  if (kind == Kind::index) time = std::max(time, time_of(st.st_atim));  // written only when something changed
  // The folder itself is touched rarely, its journal with every mini-batch.
  const auto names = kind == Kind::unfinished ? list_folder(path) : std::vector<std::string>();
  if (names)
    for (const std::string& name : *names) time = std::max(time, last_use(Kind::other, path / name));
  return time;
}

// Written once, under a name that says what is in it.
bool immutable(Kind kind) { return kind == Kind::object || kind == Kind::text || kind == Kind::code; }

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::string_view names[] = {"results", "objects", "texts", "code", "unfinished steps", "runs", "source copies", "downloads", "unpacked models", "notes", "indexes", "leftovers", "other"};
  return names[static_cast<int>(kind)];
}

std::string name_of_result(const Digest& fingerprint) { return "results/" + fingerprint.hex(); }

std::string name_of_text(const Digest& digest) { return "texts/" + digest.hex(); }

Status Contents::refresh() {
  items_.clear();
  results_.clear();
  MLPIPE_TRY_VOID(read_runs());
  for (const auto& [folder, kind] : std::initializer_list<std::pair<const char*, Kind>>{{"results", Kind::result},
                                                                                        {"objects", Kind::object},
                                                                                        {"texts", Kind::text},
                                                                                        {"code/trees", Kind::code},
                                                                                        {"code/files", Kind::code},
                                                                                        {"code/checkouts", Kind::code},
                                                                                        {"partial", Kind::unfinished},
                                                                                        {"runs", Kind::run},
                                                                                        {"copies", Kind::copy},
                                                                                        {"downloads", Kind::download},
                                                                                        {"models", Kind::model},
                                                                                        {"index", Kind::index},
                                                                                        {"published", Kind::other}})
    MLPIPE_TRY_VOID(add_all(kind, folder));
  if (const auto specs = list_folder(store_->root() / "last"))
    for (const std::string& spec : *specs) MLPIPE_TRY_VOID(add_all(Kind::note, "last/" + spec));
  for (const Path& aside : dead_asides(*store_)) add(Kind::leftover, "aside/" + aside.filename().string());
  return {};
}

Status Contents::read_runs() {
  runs_.clear();
  MLPIPE_TRY(const auto ids, list_runs(*store_));
  for (const std::string& id : ids) {
    if (const auto known = ended_.find(id); known != ended_.end()) {
      runs_.push_back(known->second);
      continue;
    }
    auto run = read_run(*store_, id);
    if (!run) {
      // Its folder is there, its record is not yet, or no more. Its lock tells.
      RunInfo unreadable;
      unreadable.header.id = id;
      const auto alive = store_->locks().is_locked(run_lock_name(id));
      unreadable.state = alive && !*alive ? RunState::killed : RunState::running;
      run = std::move(unreadable);
    } else if (run->state != RunState::running && run->state != RunState::killed) {
      ended_.emplace(id, *run);
    }
    runs_.push_back(run.take());
  }
  return {};
}

Status Contents::add_all(Kind kind, const std::string& folder) {
  if (!is_folder(store_->root() / folder)) return {};
  MLPIPE_TRY(const auto names, list_folder(store_->root() / folder));
  for (const std::string& name : names) {
    const std::string whole = folder + "/" + name;
    if (is_aside_name(name)) {
      const bool old = last_use(Kind::leftover, store_->root() / whole) < Clock::real().wall() - writing;
      if (old || (kind == Kind::index && maker_is_gone(name))) add(Kind::leftover, whole);
    } else if (kind == Kind::result) {
      MLPIPE_TRY_VOID(add_result(name));
    } else {
      add(kind, whole);
    }
  }
  return {};
}

// A damaged record is only in the way. One that we may not read, or cannot just now, is somebody's.
Status Contents::add_result(const std::string& name) {
  const auto fingerprint = Digest::parse(name);
  auto result = fingerprint ? store_->find(*fingerprint) : std::nullopt;
  const Path path = store_->root() / "results" / name;
  if (fingerprint && !result && path_exists(path) && !is_folder(path))
    if (const auto text = read_file(path); !text) return text.error();
  add(result ? Kind::result : Kind::leftover, "results/" + name);
  if (result) results_.emplace(*fingerprint, std::move(*result));
  return {};
}

void Contents::add(Kind kind, const std::string& name) {
  const Path path = store_->root() / name;
  const auto known = sizes_.find(name);
  const std::uint64_t bytes = known != sizes_.end() ? known->second : disk_use(path);
  if (immutable(kind) && known == sizes_.end()) sizes_.emplace(name, bytes);
  items_.push_back({kind, name, bytes, last_use(kind, path)});
}

const std::set<std::string>& Contents::named_by(const Digest& fingerprint) {
  const auto known = named_.find(fingerprint);
  return known != named_.end() ? known->second : named_.emplace(fingerprint, names_in(fingerprint)).first->second;
}

std::set<std::string> Contents::names_in(const Digest& fingerprint) const {
  std::set<std::string> names{name_of_text(fingerprint)};
  const auto text = store_->get_text(fingerprint);
  const auto manifest = text ? Manifest::from_text(*text) : Result<Manifest>(text.error());
  if (!manifest) return names;
  for (const Ingredient& ingredient : manifest->ingredients()) {
    if (!ingredient.tree) continue;
    names.insert(name_of_text(*ingredient.tree));
    if (ingredient.kind != IngredientKind::code) continue;
    for (const char* folder : {"code/trees/", "code/checkouts/"}) names.insert(folder + ingredient.tree->hex());
    const auto listing = store_->get_text(*ingredient.tree);
    const auto tree = listing ? tree_from_text(*listing) : Result<Tree>(listing.error());
    if (!tree) continue;
    for (const TreeEntry& entry : tree->entries())
      if (entry.size > code_trees::largest_small_file) names.insert("code/files/" + entry.digest.hex());
  }
  return names;
}

std::vector<std::string> Contents::named_by(const StoredOutput& output) const {
  return {"objects/" + store_->object_path(output).filename().string(), name_of_text(output.tree)};
}

}  // namespace mlpipe
