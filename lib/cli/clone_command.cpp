#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/kept_run.h"
#include "cli/streams.h"
#include "report/json.h"
#include "reuse/code_trees.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  std::optional<std::string> run, target;
  Place place;
  bool json = false;
};

// What was written, for people and as paths.
struct Said {
  std::string text;
  std::vector<Path> files;
};

// Where things of the run come to lie: as far from the draft's spec as they lay from the run's.
class Draft {
 public:
  Draft(const KeptSpec& kept, const Path& root) : kept_(kept), home_(kept.spec.parent_path()), root_(root), folder_(root) {
    std::size_t up = 0;
    for (const auto& [path, text] : kept.files) up = std::max(up, ups(path));
    for (const auto& [step, place] : kept.sources) up = std::max(up, ups(place));
    for (const Path& path : kept.beside) up = std::max(up, ups(path));
    std::vector<Path> parts(home_.begin(), home_.end());
    for (std::size_t i = parts.size() - std::min(up, parts.size()); i < parts.size(); ++i) folder_ /= parts[i];
  }

  const Path& folder() const { return folder_; }  // of the spec
  // A path that the spec or the command line names absolutely stays that of the run.
  bool holds(const Path& path) const { return path == kept_.spec || !kept_.absolute.count(path); }
  Path place(const Path& path) const { return (folder_ / path.lexically_relative(home_)).lexically_normal(); }
  std::string shown(const Path& path) const { return path.lexically_relative(root_).string(); }

 private:
  std::size_t ups(const Path& path) const {
    if (!holds(path)) return 0;
    const Path relative = path.lexically_relative(home_);
    return static_cast<std::size_t>(std::count(relative.begin(), relative.end(), ".."));
  }

  const KeptSpec& kept_;
  Path home_, root_, folder_;
};

Status check_empty(const Path& folder) {
  if (!path_exists(folder)) return {};
  const auto names = is_folder(folder) ? list_folder(folder) : Result<std::vector<std::string>>(Error{});
  if (names && names->empty()) return {};
  return Error{ErrorKind::usage, fmt::format("{} is there already, and is not an empty folder", shown_path(folder)), "name a new folder"};
}

Status write_code(const Store& store, const KeptRun& kept, const Draft& draft, Said& said) {
  std::set<std::pair<Path, Digest>> done;
  for (const auto& [step, tree] : kept.code) {
    const Path& place = kept.spec.sources.at(step);
    if (!draft.holds(place)) {
      said.text += fmt::format("  not copied: the spec names the code of {} absolutely, {}\n", step, place.string());
      continue;
    }
    if (!done.emplace(place, tree).second) continue;
    const Path target = draft.place(place);
    MLPIPE_TRY_VOID(code_trees::restore(store, tree, target));
    said.files.push_back(target);
    said.text += fmt::format("  {}/  the code of {}\n", draft.shown(target), step);
  }
  for (const std::string& step : kept.unseen)
    said.text += fmt::format("  not copied: the code of {}, at which the run never looked\n", step);
  return {};
}

// Data is referred to, not copied: where the spec expects it lies a link to where it lay.
Status write_links(const KeptRun& kept, const Draft& draft, Said& said) {
  std::set<Path> wanted(kept.spec.beside.begin(), kept.spec.beside.end());
  for (const std::string& step : kept.unseen) wanted.insert(kept.spec.sources.at(step));
  for (const Path& path : wanted) {
    const Path target = draft.place(path);
    std::error_code failed;
    if (!draft.holds(path) || std::filesystem::exists(std::filesystem::symlink_status(target, failed))) continue;
    MLPIPE_TRY_VOID(make_dirs(target.parent_path()));
    if (::symlink(path.c_str(), target.c_str()) != 0) return errno_error("make the link", target);
    said.files.push_back(target);
    said.text += fmt::format("  {} -> {}\n", draft.shown(target), path.string());
  }
  return {};
}

// The spec last: a draft that was not finished is no pipeline.
Status write_spec(const KeptRun& kept, const Draft& draft, Said& said) {
  for (auto file = kept.spec.files.rbegin(); file != kept.spec.files.rend(); ++file) {
    if (!draft.holds(file->first)) continue;
    const Path target = draft.place(file->first);
    MLPIPE_TRY_VOID(make_dirs(target.parent_path()));
    MLPIPE_TRY_VOID(write_file(target, file->second));
    said.files.push_back(target);
    said.text += fmt::format("  {}\n", draft.shown(target));
  }
  return {};
}

std::string run_line(const KeptRun& kept, const Draft& draft) {
  const std::string name = kept.spec.spec.filename().string();
  std::string line = fmt::format("cd {} && mlpipe run", shell_quote(shown_path(draft.folder())));
  if (name != "pipeline.yaml" && name != "pipeline.yml") line += " " + shell_quote(name);
  for (const std::string& override : kept.spec.overrides) {
    const auto blank = override.find(' ');
    line += " " + override.substr(0, blank);
    if (blank != std::string::npos) line += " " + shell_quote(override.substr(blank + 1));
  }
  return line;
}

Status write_draft(const Store& store, const KeptRun& kept, const Draft& draft, Said& said) {
  MLPIPE_TRY_VOID(make_dirs(draft.folder()));
  MLPIPE_TRY_VOID(write_code(store, kept, draft, said));
  MLPIPE_TRY_VOID(write_links(kept, draft, said));
  return write_spec(kept, draft, said);
}

Result<int> clone(const Arguments& arguments) {
  const Path target = absolute_path(*arguments.target);
  MLPIPE_TRY_VOID(check_empty(target));
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  const auto in_use = store.in_use();  // a store that may not be written to has nobody who collects
  MLPIPE_TRY(const RunInfo run, choose_run(store, spec, arguments.run));
  MLPIPE_TRY(const KeptRun kept, kept_run(store, run));
  const Draft draft(kept.spec, target);
  Said said{fmt::format("run {} is now a draft in {}\n", run.header.id, shown_path(target)), {}};
  const bool was_there = path_exists(target);
  if (const Status written = write_draft(store, kept, draft, said); !written) {
    (void)remove_tree(target);
    if (was_there) (void)make_dirs(target);
    return written.error();
  }
  said.text += fmt::format("run it: {}\nwith --store {} it reuses what was made there\n", run_line(kept, draft), shell_quote(store.root().string()));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(Written{run.header.id, said.files, run_line(kept, draft)}) + "\n" : said.text));
  return 0;
}

}  // namespace

Command clone_command() {
  return {"clone", "make a draft to edit of a recorded run: its spec and its code", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("RUN", arguments->run, "a run's id, the beginning of it, or latest", true);
            options.positional("DIR", arguments->target, "a new or empty folder", true);
            arguments->place.declare(options);
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return clone(*arguments); };
          }};
}

}  // namespace mlpipe::cli
