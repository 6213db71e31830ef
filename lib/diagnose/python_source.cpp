#include "diagnose/python_source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/text.h"

namespace mlpipe {
namespace {

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the string that begins at `start` ends: behind its closing quote.
std::size_t end_of_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const bool triple = text.substr(start, 3) == std::string(3, quote);
  const std::string closing(triple ? 3 : 1, quote);
  for (std::size_t at = start + closing.size(); at < text.size(); ++at) {
    if (text[at] == '\\') ++at;
    else if (text.substr(at, closing.size()) == closing) return at + closing.size();
    else if (!triple && text[at] == '\n') return at;  // no string, or one that Python refuses
  }
  return text.size();
}

int depth_change(char c) { return c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0; }

// What stands between the brackets that open at `open`, cut at its commas; those of nested brackets are no commas of ours.
std::vector<PythonPiece> arguments_at(PythonPiece file, std::size_t open) {
  constexpr std::size_t longest = 4000;  // what opens brackets by the thousand is no program
  const std::size_t end = std::min(file.code.size(), open + longest);
  std::vector<PythonPiece> arguments;
  int depth = 0;
  for (std::size_t at = open, begin = open + 1; at < end; ++at) {
    depth += depth_change(file.code[at]);
    if (depth > 1 || (depth == 1 && file.code[at] != ',')) continue;
    arguments.push_back(file.part(begin, at - begin));
    if (depth == 0) return arguments;
    begin = at + 1;
  }
  return {};
}

std::string folder_of(std::string_view file) { return std::string(file.substr(0, file.rfind('/') + 1)); }  // npos + 1: none

// "a.b" as "a/b"; empty: no name of a module.
std::string module_path(std::string_view module) {
  std::string path;
  for (const char c : module) {
    if (!is_name(c) && c != '.') return {};
    path += c == '.' ? '/' : c;
  }
  return path;
}

// A module and the packages around it, below `root`.
void add_module(std::vector<std::string>& files, const std::string& root, const std::string& path) {
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string part = root + path.substr(0, end);
    files.push_back(part + ".py");
    files.push_back(part + "/__init__.py");
    if (end == path.npos) return;
  }
}

std::string_view first_word(std::string_view text) {
  text = trim(text);
  return text.substr(0, text.find_first_of(" \t\n"));
}

struct Importer {
  std::string folder;              // of the file
  std::vector<std::string> roots;  // where modules are sought
  std::vector<std::string> files{};

  // "import a.b as c, d"
  void plain(std::string_view modules) {
    for (const std::string_view module : split(modules, ','))
      if (const std::string path = module_path(first_word(module)); !path.empty())
        for (const std::string& root : roots) add_module(files, root, path);
  }

  // "from ..a import b, c": b may be a module as well as a name in one.
  void from(std::string_view module, std::string_view names) {
    std::vector<std::string> places = roots;
    if (const std::size_t dots = std::min(module.find_first_not_of('.'), module.size()); dots > 0) {
      std::string place = folder;
      for (std::size_t up = 1; up < dots && !place.empty(); ++up) place = folder_of(std::string_view(place).substr(0, place.size() - 1));
      places = {place};
      module.remove_prefix(dots);
    }
    const std::string path = module_path(module);
    for (const std::string& place : places) {
      if (!path.empty()) add_module(files, place, path);
      for (const std::string_view name : split(names, ','))
        if (const std::string last = module_path(first_word(name)); !last.empty()) add_module(files, place + path + (path.empty() ? "" : "/"), last);
    }
  }

  void statement(std::string_view code) {
    if (code.starts_with("import ")) return plain(code.substr(7));
    auto import = code.find(" import");
    while (import != code.npos && import + 7 < code.size() && is_name(code[import + 7])) import = code.find(" import", import + 1);  // of importlib
    if (!code.starts_with("from ") || import == code.npos) return;
    std::string names(code.substr(import + 7));
    std::ranges::replace_if(names, [](char c) { return c == '(' || c == ')' || c == '\\'; }, ' ');
    from(trim(code.substr(5, import - 5)), names);
  }
};

// Behind the first place of `expression` from `at` on that is no part of a longer one; npos: there is none.
std::size_t behind_mention(std::string_view text, std::string_view expression, std::size_t from) {
  for (std::size_t at = text.find(expression, from); at != text.npos; at = text.find(expression, at + 1)) {
    const std::size_t end = at + expression.size();
    const bool longer = (at > 0 && (is_name(text[at - 1]) || text[at - 1] == '.')) || (end < text.size() && is_name(expression.back()) && is_name(text[end]));
    if (!longer) return end;
  }
  return text.npos;
}

// Of the blocks around a line, the innermost first; nothing: there is no such line, or it is the continuation of another.
std::optional<std::vector<std::string_view>> headings_around(std::string_view text, int line) {
  const auto lines = split(text, '\n');
  if (line < 1 || lines.size() < static_cast<std::size_t>(line)) return std::nullopt;
  const auto indent = [](std::string_view code) { return std::min(code.find_first_not_of(" \t"), code.size()); };
  const std::size_t own = static_cast<std::size_t>(line) - 1;
  std::vector<std::string_view> headings;
  if (const auto code = trim(lines[own]); code.starts_with("try:") || code.starts_with("with ")) headings.push_back(code);  // a block of one line
  std::size_t depth = indent(lines[own]);
  for (std::size_t at = own; at-- > 0 && depth > 0;) {
    const std::string_view code = trim(lines[at]);
    if (code.empty() || indent(lines[at]) >= depth) continue;
    headings.push_back(code);
    depth = indent(lines[at]);
  }
  return depth == 0 ? std::optional(std::move(headings)) : std::nullopt;
}

// "with open(path) as file:", and nothing else that is entered: a file lets every exception pass.
bool opens_a_file(std::string_view heading) {
  if (!heading.starts_with("with open(")) return false;
  std::size_t at = heading.find('(');
  for (int depth = 0; at < heading.size(); ++at)
    if ((depth += depth_change(heading[at])) == 0) break;
  return at < heading.size() && heading.substr(at).find(',') == heading.npos && heading.ends_with(':');
}

}  // namespace

std::string python_code(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t end = at;
    if (text[at] == '#') end = std::min(text.find('\n', at), text.size());
    if (text[at] == '"' || text[at] == '\'') end = end_of_string(text, at);
    if (end == at) continue;
    std::replace_if(code.begin() + static_cast<std::ptrdiff_t>(at), code.begin() + static_cast<std::ptrdiff_t>(end), [](char c) { return c != '\n'; }, ' ');
    at = end - 1;
  }
  return code;
}

std::vector<PythonPiece> python_statements(PythonPiece file) {
  std::vector<PythonPiece> statements;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t at = 0; at <= file.code.size(); ++at) {
    const char c = at < file.code.size() ? file.code[at] : '\n';
    depth = std::max(0, depth + depth_change(c));
    const bool ends = c == ';' || (c == '\n' && (at == 0 || file.code[at - 1] != '\\'));
    if (!ends || (depth > 0 && at < file.code.size())) continue;
    statements.push_back(file.part(begin, at - begin));
    begin = at + 1;
  }
  return statements;
}

std::vector<PythonCall> python_calls(PythonPiece file, std::string_view name) {
  std::vector<PythonCall> calls;
  for (std::size_t at = file.code.find(name); at != file.code.npos; at = file.code.find(name, at + 1)) {
    const std::size_t open = at + name.size();
    const bool longer = at > 0 && is_name(file.code[at - 1]) && is_name(name.front());
    if (!longer && open < file.code.size() && file.code[open] == '(') calls.push_back({file.offset + at, arguments_at(file, open)});
  }
  return calls;
}

bool mentions(std::string_view text, std::string_view expression) { return behind_mention(text, expression, 0) != text.npos; }

std::size_t count_mentions(std::string_view text, std::string_view expression) {
  std::size_t count = 0;
  for (std::size_t at = behind_mention(text, expression, 0); at != text.npos; at = behind_mention(text, expression, at)) ++count;
  return count;
}

bool is_outside_try(PythonPiece file, int line) {
  constexpr std::array<std::string_view, 6> harmless = {"if ", "if(", "for ", "while ", "else:", "elif "};
  const auto around = headings_around(file.code, line);
  const auto catches_nothing = [&](std::string_view heading) {
    return opens_a_file(heading) || std::ranges::any_of(harmless, [&](std::string_view word) { return heading.starts_with(word); });
  };
  return around && std::ranges::all_of(*around, catches_nothing) && file.code.find("excepthook") == file.code.npos;
}

bool is_caught(PythonPiece file, int line) {
  const auto around = headings_around(file.code, line);
  const bool tried = around && std::ranges::any_of(*around, [](std::string_view heading) { return heading.starts_with("try:"); });
  return tried && std::ranges::none_of(python_statements(file), [](const PythonPiece& statement) { return trim(statement.code).ends_with("raise"); });
}

std::vector<std::string> imported_files(const std::string& file, std::string_view code, const std::string& entry_folder) {
  Importer importer{folder_of(file), {entry_folder}};
  if (!entry_folder.empty()) importer.roots.emplace_back();  // python -m, or a path that the script adds
  for (const PythonPiece& statement : python_statements({code, code})) importer.statement(trim(statement.code));
  return importer.files;
}

}  // namespace mlpipe
