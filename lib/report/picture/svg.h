// A step graph as SVG.
#pragma once

#include <string>

#include "report/picture/step_graph_view.h"

namespace mlpipe::picture {

struct SvgStyle {
  bool alone = true;      // a file of its own, with colours for light and dark; else a part of a page that has the style
  bool links = false;     // each step leads to #step-<its number>
  double widest = 1200;   // pixels; a graph that is longer runs downwards
};
std::string to_svg(const DrawnGraph& graph, const SvgStyle& style);

}  // namespace mlpipe::picture
