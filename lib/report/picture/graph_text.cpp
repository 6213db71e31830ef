#include "report/picture/graph_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/csv_text.h"
#include "base/text.h"
#include "report/json_document.h"
#include "report/terminal_text.h"

namespace mlpipe::picture {
namespace {

// Mermaid reads a text in quotes as HTML, with #...; for characters of meaning.
std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : harmless(text)) {
    if (std::string_view("\"<>&#;`\\").find(c) != std::string_view::npos) out += fmt::format("#{};", static_cast<int>(c));
    else out += c;
  }
  return out;
}

std::string dot_text(std::string_view text) {
  std::string out;
  for (const char c : harmless(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::size_t> in_order(const DrawnGraph& graph) {
  std::vector<std::size_t> order;
  std::vector<bool> put(graph.steps.size());
  const auto ready = [&](const DrawnStep& step) { return std::all_of(step.needs.begin(), step.needs.end(), [&](std::size_t need) { return put[need]; }); };
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < graph.steps.size(); ++i) {
      if (put[i] || !ready(graph.steps[i])) continue;
      put[i] = more = true;
      order.push_back(i);
    }
  }
  return order;
}

// Which steps stand below which: under the last of those that they need.
struct Tree {
  std::vector<std::size_t> roots;
  std::vector<std::vector<std::size_t>> below;
  std::vector<std::vector<std::string>> others;  // what each needs besides
};

Tree tree_of(const DrawnGraph& graph) {
  Tree tree{{}, std::vector<std::vector<std::size_t>>(graph.steps.size()), std::vector<std::vector<std::string>>(graph.steps.size())};
  const auto order = in_order(graph);
  std::vector<std::size_t> rank(graph.steps.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  for (const std::size_t step : order) {
    const auto& needs = graph.steps[step].needs;
    const auto last = std::max_element(needs.begin(), needs.end(), [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
    (last == needs.end() ? tree.roots : tree.below[*last]).push_back(step);
    for (auto need = needs.begin(); need != needs.end(); ++need)
      if (need != last) tree.others[step].push_back(harmless(graph.steps[*need].name));
  }
  return tree;
}

std::string line_of(const DrawnStep& step, const std::vector<std::string>& others) {
  std::string line = harmless(step.name);
  if (!step.note.empty()) line += "  " + harmless(step.note);
  return others.empty() ? line : fmt::format("{}  (and needs {})", line, join(others, ", "));
}

}  // namespace

std::string to_mermaid(const DrawnGraph& graph) {
  std::string text = "flowchart LR\n";
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    const DrawnStep& step = graph.steps[i];
    text += fmt::format("  s{}[\"{}<br/><small>{}</small>\"]\n", i, mermaid_text(step.name), mermaid_text(step.note));
  }
  for (std::size_t i = 0; i < graph.steps.size(); ++i)
    for (const std::size_t need : graph.steps[i].needs) text += fmt::format("  s{} --> s{}\n", need, i);
  return text;
}

std::string to_json(const DrawnGraph& graph) {
  auto document = json_document("graph");
  document["title"] = graph.title;
  document["steps"] = nlohmann::ordered_json::array();
  for (const DrawnStep& step : graph.steps) {
    auto needs = nlohmann::ordered_json::array();
    for (const std::size_t needed : step.needs) needs.push_back(graph.steps[needed].name);
    document["steps"].push_back({{"step", step.name}, {"what", step.note}, {"needs", std::move(needs)}});
  }
  return json_text(document);
}

std::string to_dot(const DrawnGraph& graph) {
  std::string text = fmt::format("digraph \"{}\" {{\n  rankdir=LR\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n", dot_text(graph.title));
  for (std::size_t i = 0; i < graph.steps.size(); ++i)
    text += fmt::format("  s{} [label=\"{}\\n{}\"]\n", i, dot_text(graph.steps[i].name), dot_text(graph.steps[i].note));
  for (std::size_t i = 0; i < graph.steps.size(); ++i)
    for (const std::size_t need : graph.steps[i].needs) text += fmt::format("  s{} -> s{}\n", need, i);
  return text + "}\n";
}

std::string to_tree(const DrawnGraph& graph) {
  struct Open {
    std::size_t step;
    std::string indent, branch, below;  // what stands before it, and before what is below it
  };
  const Tree tree = tree_of(graph);
  std::string text = fmt::format("{}: {}\n", harmless(graph.title), plural(graph.steps.size(), "step"));
  std::vector<Open> open;
  const auto push = [&](const std::vector<std::size_t>& steps, const std::string& indent, bool roots) {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      const bool last = step == steps.rbegin();
      open.push_back({*step, indent, roots ? "" : last ? "└─ " : "├─ ", roots ? "" : last ? "   " : "│  "});
    }
  };
  push(tree.roots, "", true);
  while (!open.empty()) {
    const Open at = std::move(open.back());
    open.pop_back();
    text += at.indent + at.branch + line_of(graph.steps[at.step], tree.others[at.step]) + "\n";
    push(tree.below[at.step], at.indent + at.below, false);
  }
  return text;
}

}  // namespace mlpipe::picture
