// Python files as text: what in them is code, its statements, calls and imports. No Python is run, and what cannot be read is skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

// A text whose comments and strings are blanks: as long as the text, line by line. A text that is cut off in a string is blank to its end.
std::string python_code(std::string_view text);

// A piece of a file, as it is written and as code: of one length.
struct PythonPiece {
  std::string_view text, code;
  std::size_t offset = 0;  // in the file

  PythonPiece part(std::size_t at, std::size_t count) const { return {text.substr(at, count), code.substr(at, count), offset + at}; }
};

// What stands between line ends and semicolons, unless inside brackets or behind a backslash.
std::vector<PythonPiece> python_statements(PythonPiece file);

// The arguments of each call of `name`, which is not the end of a longer name ("open" of "reopen("); `name` may have dots, or begin with one.
struct PythonCall {
  std::size_t offset = 0;  // of the name
  std::vector<PythonPiece> arguments;
};
std::vector<PythonCall> python_calls(PythonPiece file, std::string_view name);

// Whether this expression, "args.log", stands in the text, and not as a part of a longer one.
bool mentions(std::string_view text, std::string_view expression);
// How often.
std::size_t count_mentions(std::string_view text, std::string_view expression);

// Whether this line, from 1, stands in a file's own code, in no function, and nothing around it could catch what it raises.
bool is_outside_try(PythonPiece file, int line);
// Whether a `try` stands around it, in a file that raises nothing again.
bool is_caught(PythonPiece file, int line);

// Files below a folder that the imports of its `file` would read if they were there. `entry_folder`, "" or "src/": of the script that
// Python began with.
std::vector<std::string> imported_files(const std::string& file, std::string_view code, const std::string& entry_folder);

}  // namespace mlpipe
