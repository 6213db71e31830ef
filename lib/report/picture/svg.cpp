#include "report/picture/svg.h"

#include <fmt/format.h>

#include "report/markup.h"
#include "report/picture/layout.h"
#include "report/terminal_text.h"

namespace mlpipe::picture {
namespace {

constexpr BoxSize box;
constexpr std::size_t name_columns = 24, note_columns = 37;

constexpr std::string_view own_style = R"(<style>
svg { --line: #8a94a3; --box: #ffffff; --text: #1c2430; --soft: #5b6675; font: 600 13px -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
@media (prefers-color-scheme: dark) { svg { --line: #7a8493; --box: #1b222c; --text: #e6eaf0; --soft: #a3adba } }
.box { fill: var(--box); stroke: var(--line) } .edge { fill: none; stroke: var(--line); stroke-width: 1.5 } .arrow { fill: var(--line) }
.name { fill: var(--text) } .note { fill: var(--soft); font-weight: 400; font-size: 11px }
</style>
)";

std::string path_of(const Edge& edge, bool rightwards) {
  std::string path = fmt::format("M{:.1f} {:.1f}", edge.points[0].x, edge.points[0].y);
  for (std::size_t i = 1; i < edge.points.size(); ++i) {
    const Point from = edge.points[i - 1], to = edge.points[i];
    const double x = (from.x + to.x) / 2, y = (from.y + to.y) / 2;
    if (i % 2 == 0) path += fmt::format("L{:.1f} {:.1f}", to.x, to.y);
    else if (rightwards) path += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", x, from.y, x, to.y, to.x, to.y);
    else path += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", from.x, y, to.x, y, to.x, to.y);
  }
  return path;
}

std::string edge_text(const Edge& edge, bool rightwards) {
  return fmt::format("<path class=\"edge from-{} to-{}\" d=\"{}\" marker-end=\"url(#arrow)\"/>\n", edge.from, edge.to, path_of(edge, rightwards));
}

std::string step_text(const DrawnStep& step, std::size_t number, Point at, const SvgStyle& style) {
  const std::string name = xml_escaped(step.name), note = xml_escaped(step.note);
  const std::string group = style.links ? fmt::format("a href=\"#step-{}\" aria-label=\"{}: {}\"", number, name, note) : std::string("g");
  return fmt::format("<{} class=\"node{}{}\" transform=\"translate({:.1f} {:.1f})\"><title>{}: {}</title>"
                     "<rect class=\"box\" x=\"0\" y=\"0\" width=\"{:.0f}\" height=\"{:.0f}\" rx=\"8\"/><circle class=\"dot\" cx=\"16\" cy=\"20\" r=\"{}\"/>"
                     "<text class=\"name\" x=\"{}\" y=\"24.5\">{}</text><text class=\"note\" x=\"12\" y=\"41\">{}</text></{}>\n",
                     group, step.state.empty() ? "" : " ", step.state, at.x, at.y, name, note, box.width, box.height, step.state.empty() ? 0 : 4.5,
                     step.state.empty() ? 14 : 28, xml_escaped(clip(step.name, name_columns)), xml_escaped(clip(step.note, note_columns)), style.links ? "a" : "g");
}

}  // namespace

std::string to_svg(const DrawnGraph& graph, const SvgStyle& style) {
  std::vector<std::vector<std::size_t>> needs;
  for (const DrawnStep& step : graph.steps) needs.push_back(step.needs);
  const Layout layout = lay_out(needs, box, style.widest);
  std::string text = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n",
                                 layout.width, layout.height);
  if (style.alone) text += fmt::format("<title>{}</title>\n{}", xml_escaped(graph.title), own_style);
  text += "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\" "
          "markerUnits=\"userSpaceOnUse\"><path class=\"arrow\" d=\"M0 0.5L8 4L0 7.5Z\"/></marker></defs>\n";
  for (const Edge& edge : layout.edges) text += edge_text(edge, layout.rightwards);
  for (std::size_t i = 0; i < graph.steps.size(); ++i) text += step_text(graph.steps[i], i, layout.boxes[i], style);
  return text + "</svg>\n";
}

}  // namespace mlpipe::picture
