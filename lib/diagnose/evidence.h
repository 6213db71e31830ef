// What recognisers look for in facts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/facts.h"

namespace mlpipe::diagnosis {

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
inline bool failed(const Facts& facts) { return facts.moment == Facts::Moment::failed; }
inline bool before(const Facts& facts) { return facts.moment == Facts::Moment::before; }
inline bool ended(const Facts& facts) { return facts.moment == Facts::Moment::ended; }
inline bool is_parallel(const Facts& facts) { return facts.step.parallel() != nullptr; }

// All that is known in words: the error, the traceback, what was printed. Lines of it need not be why the step failed: for words that
// mlpipe or argparse alone would say.
std::string words_of(const Facts& facts);

// The line with which it failed: that of the exception in the traceback, else the last line that is not blank of stderr, else of stdout. A
// line further up may be what the program complained of and then went on. Empty: it did not fail, or the process itself ended well.
std::string last_line(const Facts& facts);
// That line where a Python exception ended the process, as far as its exit code tells: the last line, behind a frame of a
// traceback that begins where Python began, and where no `try` is seen around that.
std::string last_exception(const Facts& facts);
// That line where a tool or the shell said it of this machine's files and its failure is that of the step: the command is such a tool, or
// parts joined by `&&`. The shell's only where nothing else in the command has a shell of its own: Python, ssh.
std::string last_complaint(const Facts& facts);

// The signal that ended it, also where the shell that ran the command ended well and said so; 0: none did.
int ending_signal(const Facts& facts);

// What the exception that ended it said, of however many lines; without a traceback the end of what it printed.
std::string last_words(const Facts& facts);
// Code of the frames in its traceback opens a file to write it, makes one, or starts a program: what it did not find need not have been read.
bool was_writing(const Facts& facts);
// mlpipe's own error, which quotes no exception.
std::string own_error(const Facts& facts);

// "cp" of "/bin/cp: cannot ...", "sh" of "/bin/sh: 1: cannot ...".
std::string_view speaker(std::string_view line);
inline bool is_shell(std::string_view name) { return name == "sh" || name == "dash" || name == "bash"; }

// A traceback whose first frame is the file's own code, of no function: Python began with that file, unless a `try` there printed it.
struct Uncaught {
  std::string file, line_of_exception;
  int line = 0;
};
std::vector<Uncaught> uncaught_in(std::string_view text);
// Whether a path as Python prints it is this file of the command or of the source directory.
bool is_file_of(std::string_view printed, std::string_view path);

// The line of the exception in the last traceback of a text, or in a text that begins with it.
std::string raised_in(std::string_view text);

// At most 200 bytes of it, whole characters.
std::string shortened(std::string_view text);
// The line that holds `part`, trimmed and shortened; empty: none does.
std::string line_with(std::string_view text, std::string_view part);
// The text between `before` and the next `after`; nothing: one of them is not there.
std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after);

struct Found {
  std::string what, file;
  int line = 0;
};
Found found_at(const Facts::Source& source, std::size_t offset, std::string what = {});
// The first place of any of these calls ("ComputeTarget.create", without the bracket) in the code of the step's scripts.
std::optional<Found> find_call(const Facts& facts, const std::vector<std::string>& names);

// Names of options that scripts declare, "--model", by add_argument.
std::vector<std::string> declared_options(const Facts& facts);

}  // namespace mlpipe::diagnosis
