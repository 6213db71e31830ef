#include "report/picture/graph_text.h"

#include <doctest/doctest.h>

#include "report/picture/svg.h"

using namespace mlpipe::picture;

namespace {

const DrawnGraph diamond{"shapes", {{"last", "command", "", {1, 2}}, {"left", "", "", {3}}, {"right", "model", "", {3}}, {"first", "command", "", {}}}};

}  // namespace

TEST_CASE("tree: each step once, below the last that it needs") {
  CHECK(to_tree(diamond) ==
        "shapes: 4 steps\n"
        "first  command\n"
        "├─ left\n"
        "└─ right  model\n"
        "   └─ last  command  (and needs left)\n");
}

TEST_CASE("tree: what a name smuggles in cannot move the cursor") {
  CHECK(to_tree({"a\x1b[2Jb", {{"c\nd", "", "", {}}}}) == "ab: 1 step\nc?d\n");
}

TEST_CASE("mermaid: numbers for names, and texts that stay texts") {
  CHECK(to_mermaid({"", {{"a\"]<b>", "n#1", "", {}}, {"c", "", "", {0}}}}) ==
        "flowchart LR\n"
        "  s0[\"a#34;]#60;b#62;<br/><small>n#35;1</small>\"]\n"
        "  s1[\"c<br/><small></small>\"]\n"
        "  s0 --> s1\n");
}

TEST_CASE("dot: quotes and backslashes are the text's own") {
  CHECK(to_dot({"t\"", {{"a\\", "b", "", {}}}}) ==
        "digraph \"t\\\"\" {\n  rankdir=LR\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n  s0 [label=\"a\\\\\\nb\"]\n}\n");
}

TEST_CASE("svg: a picture alone has its own colours, a part of a page has links") {
  const std::string alone = to_svg(diamond, {}), part = to_svg(diamond, {.alone = false, .links = true});
  CHECK(alone.find("prefers-color-scheme: dark") != std::string::npos);
  CHECK(alone.find("href") == std::string::npos);
  CHECK(part.find("<style") == std::string::npos);
  CHECK(part.find("href=\"#step-3\"") != std::string::npos);
}

TEST_CASE("svg: names are escaped, also what is no character of XML") {
  const std::string text = to_svg({"t", {{"</text><script>", "a\"b\x01\xff", "", {}}}}, {});
  CHECK(text.find("<script>") == std::string::npos);
  CHECK(text.find("&lt;/text&gt;&lt;script&gt;") != std::string::npos);
  CHECK(text.find("a&quot;b\xEF\xBF\xBD\xEF\xBF\xBD") != std::string::npos);
}
