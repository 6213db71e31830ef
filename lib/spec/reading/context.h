// What all readers of one spec share: the documents, the mistakes found so far, the pipeline being built and its names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pipeline/pipeline.h"
#include "spec/reading/mapping.h"
#include "spec/reading/overrides.h"
#include "spec/yaml/document.h"
#include "spec/yaml/scalar.h"
#include "system/files.h"

namespace mlpipe::spec {

// One `--set STEP.KEY=VALUE`.
struct Setting {
  std::vector<std::string> keys;  // below the step
  Value value;
};

class Context {
 public:
  explicit Context(const Overrides& given) : overrides(given) {}

  // Reads and parses a file; nothing after a mistake, which is reported.
  const Document* open_file(const Path& file);
  // open_file can have it.
  bool has_file(const Path& file) const { return overrides.snapshot.texts.contains(file.string()) || is_file(file); }
  // A document that stands for a command line option, "--set score.x=1".
  Document& open_option(std::string option);

  void error(const Place& where, std::string message, std::string hint = {});
  void warning(const Place& where, std::string message, std::string hint = {});
  void error_at(const Location& where, std::string message, std::string hint = {});
  void warning_at(const Location& where, std::string message, std::string hint = {});
  // What Azure would refuse though it runs here; said only by `validate --target azure`.
  void azure_warning(const Place& where, std::string message, std::string hint = {});
  // "did you mean ...", unless that has become too much work.
  std::string hint(std::string_view word, const std::vector<std::string>& candidates) const;

  const Parameter* parameter(const std::string& name) const;
  bool is_used(const std::string& step) const { return used_steps.contains(step); }
  // Where the step's code is: there, unless a snapshot has it.
  void place_source(Step& step, Path written_place) const;
  // Absolute and normalised; relative paths start beside the spec, or at `base`. Notes those that are written absolutely.
  Path path(const std::string& written);
  Path path(const std::string& written, const Path& base);
  // The same, where relative paths start beside the file that `where` is in (an option: beside the spec), as in Azure's dialects.
  Path path_beside(const Place& where, const std::string& written);

  const Overrides& overrides;
  Diagnostics diagnostics;
  std::vector<std::unique_ptr<Document>> documents;

  Pipeline pipeline;
  std::optional<Environment> environment;  // of every step that has none of its own
  std::unordered_map<std::string, std::size_t> parameters, inputs, steps;  // numbers in the pipeline's lists
  std::vector<std::string> parameter_names, input_names, step_names;       // the same, in file order
  std::unordered_map<std::string, std::vector<Setting>> settings;          // by step
  std::unordered_set<std::string> used_steps;                              // --use: stand-ins for what they make
  Mapping mapping;
  std::vector<Unmapped> unmapped;
  std::unordered_map<std::string, Location> published;                     // step.output -> where it says so

 private:
  bool full();
  const Document* read_document(const Path& file);
  std::optional<std::string> text_of(const Path& file, Document& document);

  std::unordered_map<std::string, const Document*> opened_;  // by path
};

// Letters, digits, - and _, at most 100 of them. Says what is wrong with `name`; `what`: "a step".
bool check_name(Context& context, const Place& where, const std::string& name, std::string_view what);

}  // namespace mlpipe::spec
