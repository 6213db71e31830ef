// A step graph in languages that other programs read or draw, and for the eye.
#pragma once

#include <string>

#include "report/picture/step_graph_view.h"

namespace mlpipe::picture {

std::string to_mermaid(const DrawnGraph& graph);  // for Markdown: a flowchart
std::string to_dot(const DrawnGraph& graph);      // for Graphviz

std::string to_json(const DrawnGraph& graph);     // kind "graph" of docs/output.schema.json

// A tree for a terminal. Each step stands once, below the last of those that it needs; what else it needs stands behind it.
//   digits: 5 steps
//   prepare  script, prepare.py
//   ├─ train  script, train.py
std::string to_tree(const DrawnGraph& graph);

}  // namespace mlpipe::picture
