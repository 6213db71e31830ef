// What the readers of a v2 file share: its nodes as a tree, pipelines within pipelines, and what the names in them stand for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spec/reading/context.h"
#include "spec/reading/map_reader.h"

namespace mlpipe::spec::v2 {

// What an input stands for.
struct Bound {
  enum class Kind { unset, literal, data, output };

  Kind kind = Kind::unset;
  bool optional = false;     // as its component declares it
  bool broken = false;       // a mistake that has been reported: whoever uses it has nothing to say
  std::string value;         // of a literal
  std::string parameter;     // the parameter that it came from, or empty
  std::string step, source;  // of a step's output; source alone: a pipeline input
  std::string below;
  std::optional<DataType> type;  // what the user said that it is
  Place where;
};

// What `inputs:` of a component says of one of its inputs.
struct Declaration {
  std::optional<DataType> data;           // nothing: it is a literal
  std::optional<ParameterType> literal;   // nothing: of any type
  bool model = false;                     // data is an asset of `models:`
  bool optional = false;
  std::optional<Scalar> default_value;
  std::vector<std::string> choices;
  std::optional<double> least, most;
  Place where;
};

using NamedDeclarations = std::vector<std::pair<std::string, Declaration>>;

struct Body;

// A node of a pipeline; the pipeline as a whole is one, too.
struct Job {
  enum class Kind { command, parallel, pipeline, stand_in };

  Kind kind = Kind::command;
  std::string name;                // within its pipeline
  std::string step;                // of the whole: "outer.inner"
  Body* scope = nullptr;           // the pipeline that it is in; null: it is the whole
  Place where;
  Value own;                       // its map
  std::optional<Value> component;  // the map of its component
  Value settings;                  // the keys of both: what the node says counts, what it leaves to its component is the component's
  std::unique_ptr<Body> body;      // of Kind::pipeline
  std::string refusal, remedy;     // why it cannot run here; empty: it can
  bool open_outputs = false;       // which outputs it has is not known: its component is not read

  enum class Inputs { unread, being_read, read } state = Inputs::unread;
  std::vector<std::pair<std::string, Bound>> inputs;

  const Bound* input(std::string_view name) const;
  // "node `outer.train`", "the pipeline".
  std::string title() const;
};

// The nodes of one pipeline.
struct Body {
  Job* owner = nullptr;
  Value map;  // has `jobs`
  std::vector<std::unique_ptr<Job>> jobs;  // in file order

  Job* job(std::string_view name) const;
  std::vector<std::string> job_names() const;
};

// An option of the command line that gives a value or data.
struct Option {
  Scalar value;
  bool used = false;
};

// An input of the whole pipeline that nobody gives.
struct Missing {
  std::string name;
  bool is_data = false;
  Location where;
};

// One reading of one spec.
struct Reading {
  Context& context;
  std::map<std::string, Option> values{}, data{};  // -p, --input
  std::vector<Missing> missing{};
  std::set<std::string> used{};                    // inputs of the whole pipeline that a node reads
  bool has_compute = false;                        // for all nodes
  std::string default_compute;                     // its name, of nodes that name none
  std::string default_datastore = "workspaceblobstore";
  std::size_t jobs = 0;                            // so far
  int depth = 0;                                   // of nodes whose inputs are being read for each other
  Location compute;                                // where one is named first
};

// The entry of a key; one without a value counts as none.
const Entry* entry_of(const Value& map, std::string_view key);
// Its text when it is a scalar, else empty.
std::string text_of(const Value& map, std::string_view key);
Scalar scalar_of(const Value& value);
// Azure takes no number or truth where it wants text. `named`: "`description` of the pipeline".
void warn_unless_text(Context& context, const Entry* entry, std::string_view named);

}  // namespace mlpipe::spec::v2
