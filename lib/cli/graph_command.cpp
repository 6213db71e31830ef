#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "report/picture/graph_text.h"
#include "report/picture/svg.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  bool mermaid = false, dot = false, svg = false, json = false;
};

Result<int> graph(Arguments& arguments) {
  if (arguments.mermaid + arguments.dot + arguments.svg + arguments.json > 1)
    return Error{ErrorKind::usage, "one picture at a time", "give one of --mermaid, --dot, --svg and --json"};
  MLPIPE_TRY(const Path spec, arguments.place.spec(&arguments.changes));
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(spec, arguments.changes.overrides()));
  const picture::DrawnGraph drawn = picture::drawn(pipeline);
  MLPIPE_TRY_VOID(print(arguments.mermaid ? to_mermaid(drawn)
                        : arguments.dot   ? to_dot(drawn)
                        : arguments.svg   ? to_svg(drawn, {})
                        : arguments.json  ? to_json(drawn) + "\n"
                                          : to_tree(drawn)));
  return 0;
}

}  // namespace

Command graph_command() {
  return {"graph", "draw a pipeline's steps: which needs which", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare_positional(options);
            arguments->place.declare(options);
            arguments->changes.declare(options);
            options.flag("--mermaid", arguments->mermaid, "as a Mermaid flowchart, which Markdown files on GitHub show");
            options.flag("--dot", arguments->dot, "for Graphviz");
            options.flag("--svg", arguments->svg, "as a picture for a web page");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return graph(*arguments); };
          }};
}

}  // namespace mlpipe::cli
