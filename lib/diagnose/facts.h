// What is known of a step, for the table to recognise: plain data, gathered by lib/run (run/step_facts.h) and `mlpipe diagnose`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "pipeline/pipeline.h"

namespace mlpipe {

// Fewer are never worth a word, nor worth reading scripts for.
inline constexpr std::uint64_t many_writes = 200;

struct Facts {
  // before: as it is written, whatever has happened; failed; ended: well, or its result was reused.
  enum class Moment { before, failed, ended };

  const Pipeline& pipeline;  // both outlive it
  const Step& step;
  Moment moment = Moment::before;

  // How it ended.
  std::optional<ErrorKind> kind{};  // of a failure
  std::string error{};              // its one line
  std::string output{};             // the end of stderr; of a parallel step that of the worker which failed, 2000 bytes
  std::string printed{};            // the end of stdout; not of a parallel step
  std::string traceback{};          // of a parallel step
  int exit_code = 0, signal = 0;
  bool out_of_memory = false;       // the kernel said that it killed for lack of memory
  std::uint64_t peak_memory = 0, memory_limit = 0;  // bytes; 0: not known. The limit is the machine's, or that of our control group
  std::optional<std::uint64_t> mini_batch{};
  bool reused = false;
  bool ran_for_want_of_reuse = false;  // nothing else: reuse is switched off
  Seconds took{};

  struct Place {
    std::string name, path;  // absolute
    bool exists = true;
  };
  std::vector<Place> outputs{}, inputs{};

  // Of a failed step: where it writes, as it was just behind its end.
  struct Disk {
    std::string path;
    std::uint64_t free = 0, size = 0;         // bytes
    std::uint64_t free_files = 0, files = 0;  // files: 0 where the file system has no fixed number of them
  };
  std::vector<Disk> disks{};

  // The file that the exception which ended it did not find.
  struct Sought {
    std::string path;            // as the exception has it
    std::string missing_folder;  // absolute; the folder of that file, where it is not there
    std::string in_project;      // where the project has such a file outside the source directory: relative to the spec's folder, if below it
  };
  std::optional<Sought> sought{};

  // Of a step that ended: how often its processes wrote, and how much, what they printed included.
  std::uint64_t writes = 0, written_bytes = 0, printed_bytes = 0;

  // Of a parallel step, sums over its workers.
  int workers = 0, cores = 0;
  std::uint64_t mini_batches = 0, items = 0;
  Seconds starting{}, running{};  // imports and init(); in run() itself
  Seconds handing{};              // while a mini-batch was under way, but not in run(); waiting for work is no part of it

  // Its source directory.
  struct Source {
    std::string path, text;  // below the directory
    std::string code;        // python_code(text)
  };
  std::vector<Source> sources{};     // the script that it begins with, then what that imports; none: not known what it begins with
  std::vector<std::string> paths{};  // what lies there and its ignore file does not leave out, folders with a slash behind them
  std::vector<std::string> changed_code{};  // below it: why it ran again, when nothing else was

  // Packages that its scripts import, where its environment is declared in files.
  struct Import {
    std::string module, file;
    int line = 0;
    std::string package;  // that has it; empty: none that is installed
  };
  bool packages_declared = false;
  std::vector<std::string> named{};      // packages in those files, normalised
  std::vector<Import> unnamed_imports{}; // of what neither they nor what they need provide

  // Inputs from the web that have changed there since they were fetched.
  struct Download {
    std::string input, url, how;  // how: "it had 10 bytes and has 20 now"
  };
  std::vector<Download> changed_downloads{};
};

}  // namespace mlpipe
