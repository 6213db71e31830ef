#include "run/tracked_texts.h"

#include <fcntl.h>

#include <functional>
#include <string>

#include "base/text.h"
#include "run/metric_files.h"

namespace mlpipe {
namespace {

using Replacements = std::vector<StreamEditor::Replacement>;

void edit_content(const Path& file, const std::function<std::string(const std::string&)>& edit) {
  const auto text = read_file(file);
  if (!text) return;
  if (const std::string changed = edit(*text); changed != *text) (void)write_file(file, changed);
}

// Two names may have become one: their lines come together.
void move_behind(const Path& from, const Path& to, const Path& folder) {
  const auto text = read_file(from);
  if (!text || !make_dirs(to.parent_path())) return;
  auto file = open_file(to, O_WRONLY | O_CREAT | O_APPEND);
  if (!file || !write_all(file->get(), *text, to)) return;
  std::error_code not_empty;
  for (Path path = from; path != folder && std::filesystem::remove(path, not_empty);) path = path.parent_path();
}

void edit_names(const Path& folder, const Replacements& replacements) {
  for (const Path& file : files_below(folder)) {
    const std::string name = file.lexically_relative(folder).string(), shown = edited(name, replacements);
    if (shown != name) move_behind(file, folder / shown, folder);
  }
}

// The name is before the numbers in one kind of file, behind them in the other; a short secret must not change numbers.
std::string edit_first_line(const std::string& text, const Replacements& replacements) {
  const auto end = std::min(text.find('\n'), text.size());
  return edited(text.substr(0, end), replacements) + text.substr(end);
}

std::string edit_names_of_tries(const std::string& text, const Replacements& replacements) {
  if (edited(text, replacements) == text) return text;  // it may be long
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    std::size_t name = 0;
    for (int word = 0; word < 7 && name != std::string_view::npos; ++word) name = line.find(' ', name + (word > 0));
    name = std::min(name, line.size());
    out += std::string(line.substr(0, name)) + edited(std::string(line.substr(name)), replacements) + "\n";
  }
  if (!out.empty()) out.pop_back();  // behind the last end of a line there is no line
  return out;
}

void edit_run(const Path& run, const Replacements& replacements) {
  for (const char* const kind : {"metrics", "params", "tags"}) edit_names(run / kind, replacements);
  for (const char* const kind : {"params", "tags"})
    for (const Path& above : {run / kind, run / unplaced_folder / kind})
      for (const Path& file : files_below(above)) edit_content(file, [&](const std::string& text) { return edited(text, replacements); });
  for (const Path& file : files_below(run / unplaced_folder / "metrics"))
    edit_content(file, [&](const std::string& text) { return edit_first_line(text, replacements); });
}

}  // namespace

void edit_tracked_texts(const Path& experiment, const Replacements& replacements) {
  if (replacements.empty()) return;
  for (const Path& above : {experiment, experiment / "models"}) {  // mlflow 3 gives models what their run had
    const auto runs = list_folder(above);
    for (const std::string& run : runs ? *runs : std::vector<std::string>()) edit_run(above / run, replacements);
  }
  edit_content(experiment / tries_file, [&](const std::string& text) { return edit_names_of_tries(text, replacements); });
}

}  // namespace mlpipe
