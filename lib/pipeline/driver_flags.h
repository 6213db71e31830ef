// The flags that Azure's parallel job driver takes out of a step's arguments: the one list of them, with what mlpipe does with
// each. They stand among the user's own arguments in both spellings, "--nice 3" and "--nice=3", and stay in the script's
// sys.argv. A flag with a key of parallel_run_config of the same meaning overrides that key; the last of equals counts.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/parallel_run_config.h"

namespace mlpipe {

enum class FlagUse {
  obeyed,     // overrides the configuration, or sets its `flags`
  no_effect,  // accepted: there is nothing here that it could change; `note` says why
  refused,    // asks for what mlpipe does not do; `note` says what
};

enum class FlagType { integer, number, boolean, text, word, size };

// A value that has passed its flag's type and range.
struct FlagValue {
  std::string text;
  double number = 0;      // of integer, number, and size (in files, or in bytes)
  bool is_true = false;   // of boolean: true, false, 1 or 0 in any case
};

struct DriverFlag {
  std::string name;                  // without "--"; one that ends with '_' stands for all names that begin so: "input_ds_"
  FlagType type = FlagType::text;
  double least = 0, most = 0;        // of integer, number
  bool above_least = false;          // least itself is out of range
  std::vector<std::string> words;    // of word: those allowed, in any case
  FlagUse use = FlagUse::no_effect;
  bool reserved = false;             // Azure's ParallelRunStep does not let a user give it
  std::string note;
  std::function<void(ParallelRunConfig&, const FlagValue&)> set;  // of obeyed
};

// In the order of the documentation. Known misspellings and aliases are resolved by find_driver_flag.
const std::vector<DriverFlag>& driver_flags();

// The flag that a word such as "--nice" or "--nice=3" begins, or null.
const DriverFlag* find_driver_flag(std::string_view word);

// What is to be said about one of the arguments.
struct FlagRemark {
  std::size_t argument = 0;  // its number
  bool is_error = false;     // else a warning
  std::string message, hint;
  bool is_reserved = false;  // says only that Azure's ParallelRunStep (v1) would refuse it
};

// Reads the flags among `arguments` and lays them over `config`. An argument that is nothing is not known yet (an expression): a
// flag whose value it is stays as it was. Bad values are errors and change nothing.
std::vector<FlagRemark> apply_driver_flags(const std::vector<std::optional<std::string>>& arguments, ParallelRunConfig& config);

// Whether it can be the name of the file of rows: no folders, none of the characters that Azure refuses.
bool is_rows_file_name(std::string_view name);

}  // namespace mlpipe
