// Steps that run when they need not, and results that are taken when they should not.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"
#include "diagnose/shell_command.h"

namespace mlpipe::diagnosis {
namespace {

std::optional<Recognised> reuse_off(const Facts& facts) {
  if (!ended(facts) || !facts.ran_for_want_of_reuse || facts.step.allow_reuse) return std::nullopt;
  const bool v2 = facts.pipeline.dialect == Dialect::v2;
  return Recognised{fmt::format("nothing about it had changed: it runs every time because its reuse is switched off, by {}", v2 ? "is_deterministic: false" : "allow_reuse: false"),
                    "remove that line, unless the step reads what mlpipe cannot see: the time, a database, the web"};
}

// The file that a step begins with, below its source directory; empty: not to be told.
std::string entry_of(const Step& step) {
  if (const auto* script = std::get_if<Script>(&step.action)) return script->name.value;
  if (const auto* parallel = step.parallel()) return parallel->config.entry_script.value;
  return {};
}

// Another step of the same source directory that begins with this file, or whose command names it.
const Step* other_user(const Facts& facts, const std::string& file) {
  for (const Step& other : facts.pipeline.steps) {
    if (other.name == facts.step.name || other.source_place != facts.step.source_place) continue;
    const auto* command = std::get_if<Command>(&other.action);
    if (entry_of(other) == file || (command && has(" " + command->text.written + " ", " " + file + " "))) return &other;
  }
  return nullptr;
}

bool was_read(const Facts& facts, const std::string& file) {
  return std::ranges::any_of(facts.sources, [&](const Facts::Source& source) { return source.path == file; });
}

// Its command names a file of the directory whose text is not known here, and may name others.
bool runs_unread(const Facts& facts) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  const auto words = command ? command_words_in(command->text.written) : std::vector<std::string>();
  return std::ranges::any_of(words, [&](const std::string& word) {
    const std::string path = word.starts_with("./") ? word.substr(2) : word;
    return std::ranges::find(facts.paths, path) != facts.paths.end() && !was_read(facts, path);
  });
}

// One of its scripts imports the file or speaks of it. So may what was not read.
bool may_use(const Facts& facts, const std::string& file) {
  if (facts.sources.empty() || runs_unread(facts) || was_read(facts, file)) return true;
  const std::string module = file.substr(file.rfind('/') + 1, file.rfind('.') - file.rfind('/') - 1);
  return std::ranges::any_of(facts.sources, [&](const Facts::Source& source) { return has(source.text, module); });
}

// All code that changed belongs to another step.
std::optional<Recognised> shared_source(const Facts& facts) {
  if (!ended(facts) || facts.reused || facts.step.source_place.empty() || facts.changed_code.empty()) return std::nullopt;
  const Step* other = nullptr;
  for (const std::string& file : facts.changed_code) {
    const Step* user = may_use(facts, file) ? nullptr : other_user(facts, file);
    if (!user) return std::nullopt;
    other = user;
  }
  return Recognised{fmt::format("it ran again because {} changed, which is the code of step {}: both have one source directory, and nothing of this step uses that file", join(facts.changed_code, ", "), other->name),
                    "give each step a source directory of its own; what both need can be a hash_paths entry or a package"};
}

std::optional<Recognised> changed_url(const Facts& facts) {
  if (!ended(facts) || facts.changed_downloads.empty()) return std::nullopt;
  const Facts::Download& first = facts.changed_downloads.front();
  return Recognised{fmt::format("its input {} is not what {} has now ({}): it was fetched once, and that copy is used since", first.input, first.url, first.how),
                    fmt::format("fetch it yourself and run with `--input {}=PATH`, or remove the copy from the store's downloads folder and run with --allow-download", first.input)};
}

// "env/" of "env/pyvenv.cfg", "nb/.ipynb_checkpoints/" of itself.
std::string dropping(const std::string& path) {
  if (path == "pyvenv.cfg" || path.ends_with("/pyvenv.cfg")) return path.substr(0, path.size() - std::string_view("pyvenv.cfg").size());
  return path == ".ipynb_checkpoints/" || path.ends_with("/.ipynb_checkpoints/") ? path : "";
}

std::optional<Recognised> droppings(const Facts& facts) {
  if (!before(facts)) return std::nullopt;
  for (const std::string& path : facts.paths) {
    const std::string folder = dropping(path);
    if (folder.empty()) continue;
    const bool venv = path.ends_with("pyvenv.cfg");
    const std::string name = folder.substr(0, folder.size() - 1);
    const bool ours = !venv || name == ".venv" || name.ends_with("/.venv");
    return Recognised{fmt::format("its source directory holds {}, a {}: Azure uploads that with the code{}", folder, venv ? "virtual environment" : "notebook's checkpoints",
                                  ours ? ", and reruns the step when it changes (mlpipe leaves it out)" : ", and whatever changes in it runs the step again"),
                      fmt::format("name it in .amlignore there: {}/", name)};
  }
  return std::nullopt;
}

}  // namespace

Entries reuse_entries() {
  return {
      {"reuse-off", "A step that is never reused", "The step ran although nothing had changed, because its reuse is switched off: `allow_reuse: false`, or `is_deterministic: false` of a component.",
       "nothing; the step runs every time.", "switch it on (`mlpipe why STEP` says what would still make it run).", reuse_off},
      {"shared-source", "A step that reruns for another step's code",
       "All code that had changed belongs to another step, with which this one shares its source directory. `mlpipe run` warns of such directories beforehand.",
       "nothing; the whole snapshot counts there as well.", "a source directory for each step.", shared_source},
      {"url-changed", "Data behind a URL has changed",
       "Data from the web is fetched once, and results made of that copy are reused. `mlpipe diagnose --allow-download` asks the server for size and date, and compares.",
       "nothing: a reference to data is compared, not its content.", "fetch it anew, or give the input a version in its address.", changed_url},
      {"source-droppings", "A virtual environment or notebook checkpoints among the code",
       "They lie in a step's source directory and no .amlignore (or .gitignore) there leaves them out. mlpipe never counts `.venv`, `.ipynb_checkpoints` and the like as code; Azure does.",
       "a snapshot above 300 MB or 2000 files is refused; steps rerun for no visible reason.", "name them in `.amlignore`.", droppings},
  };
}

}  // namespace mlpipe::diagnosis
