#include <doctest/doctest.h>

#include "spec/yaml/yaml.h"

using namespace mlpipe;
using namespace mlpipe::spec;

namespace {

struct Parsed {
  Document document;
  Diagnostics mistakes;
  explicit Parsed(std::string text) {
    document.file = "x.yaml";
    document.text = std::move(text);
    parse_yaml(document, mistakes);
  }
  const Node& root() const { return *document.root.node; }
  const Value& at(std::string_view key) const { return root().find(key)->value; }
  std::string first() const {
    if (mistakes.all().empty()) return {};
    const Diagnostic& d = mistakes.all().front();
    return std::to_string(d.where.line) + ":" + std::to_string(d.where.column) + " " + d.message;
  }
};

std::string place(const Place& where) {
  return std::to_string(where.line) + ":" + std::to_string(where.column) + "+" + std::to_string(where.length);
}

}  // namespace

TEST_CASE("values know where they stand, in bytes and without their anchors and tags") {
  const Parsed parsed("a: &x b\nk\xC3\xA9: 'q t'\nlist:\n- !!str 7\n- |\n  text\n");
  CHECK(place(parsed.at("a").where) == "1:7+1");
  CHECK(place(parsed.at("k\xC3\xA9").where) == "2:6+5");
  CHECK(place(parsed.root().find("k\xC3\xA9")->key_where) == "2:1+3");
  CHECK(place(parsed.at("list").node->items[0].where) == "4:9+1");
  CHECK(place(parsed.at("list").node->items[1].where) == "5:3+1");
}

TEST_CASE("quoted texts, blocks and !!str are text whatever they look like") {
  const Parsed parsed("a: \"1\"\nb: '1'\nc: |\n  1\nd: !!str 1\ne: 1\n");
  for (const char* key : {"a", "b", "c", "d"}) CHECK(parsed.at(key).node->is_text);
  CHECK_FALSE(parsed.at("e").node->is_text);
}

TEST_CASE("a key without a value stands where the key is, not at the next line") {
  const Parsed parsed("a:\n  b:\n  c: ~\nd: [1, ~]\n");
  CHECK(place(parsed.at("a").node->find("b")->value.where) == "2:3+1");
  CHECK(place(parsed.at("a").node->find("c")->value.where) == "3:6+1");
  CHECK(place(parsed.at("d").node->items[1].where) == "4:8+1");
}

TEST_CASE("an empty list item stands at its dash") {
  const Parsed parsed("a:\n  - x\n  -\nb: 1\n");
  CHECK(place(parsed.at("a").node->items[1].where) == "3:3+1");
}

TEST_CASE("an alias shares its anchor's node and has its own place") {
  const Parsed parsed("a: &x {k: v}\nb: *x\n");
  CHECK(parsed.at("a").node == parsed.at("b").node);
  CHECK(place(parsed.at("b").where) == "2:4+2");
}

TEST_CASE("merge keys fill in what a map does not have, the first map wins") {
  const Parsed parsed("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 9\n");
  const Node& c = *parsed.at("c").node;
  CHECK(c.entries.size() == 3);
  CHECK(c.find("x")->value.node->text == "9");
  CHECK(c.find("y")->value.node->text == "2");
  CHECK(c.find("z")->value.node->text == "4");
  CHECK(Parsed("a: {<<: 1}\n").first() == "1:9 `<<` takes a map, or a list of maps");
}

TEST_CASE("all duplicate keys are reported, and the first stays") {
  const Parsed parsed("a: 1\n\"a\": 2\nb: {c: 1, c: 2}\n");
  CHECK(parsed.mistakes.all().size() == 2);
  CHECK(parsed.at("a").node->text == "1");
}

TEST_CASE("an alias with an anchored key in front of it does not crash") {
  CHECK(Parsed("&k key: v\nother: *k\n").at("other").node->text == "key");
}

TEST_CASE("what is no YAML gets one mistake at its place") {
  CHECK(Parsed("a: [b\n").first() == "1:4 `[` is not closed by `]`");
  CHECK(Parsed("a: 'b\nc: d\n").first() == "1:4 this quote is never closed");
  CHECK(Parsed("a: {x: ${{inputs.y}}}\n").first() == "1:8 an expression between { } or [ ] needs quotes");
  CHECK(Parsed("a:\n\tb: 1\n").first() == "2:1 a tab in the indentation");
  CHECK(Parsed("- a\nb: 1\n").first() == "2:1 this does not belong to what is above it");
  CHECK(Parsed("a: 1\n---\n").first() == "2:1 a second document begins here");
  CHECK(Parsed("? [a]\n: b\n").first() == "1:3 a key is text, not a list");
  CHECK(Parsed(": b\n").first() == "1:1 a key is missing");
  CHECK(Parsed("a: &x\n  b: *x\n").first() == "2:6 this alias stands inside the value that it repeats");
}

TEST_CASE("bytes that no YAML may have are refused before the parser sees them") {
  CHECK(Parsed("a: \xff\n").first() == "1:4 byte 0xff is not valid UTF-8");
  CHECK(Parsed(std::string("a: b\0c", 6)).first() == "1:5 control character 0x00");
  CHECK(Parsed("a: b\n\x04\n").first() == "2:1 control character 0x04");
  CHECK(Parsed("a: b\rc: d").first() == "1:5 a carriage return without a line feed");
  CHECK(Parsed("a: b\r\nc: d\r\n").at("c").node->text == "d");
}

TEST_CASE("a byte order mark counts for no column") {
  const Parsed parsed("\xEF\xBB\xBF" "a: b\n");
  CHECK(place(parsed.root().find("a")->key_where) == "1:1+1");
}

TEST_CASE("nesting, aliases and values have limits") {
  CHECK(Parsed(std::string(65, '[') + std::string(65, ']')).first() == "1:65 nested deeper than 64 levels");
  CHECK(Parsed(std::string(64, '[') + std::string(64, ']')).mistakes.all().empty());
  CHECK(Parsed(std::string(300, '{')).first() == "1:201 more than 200 brackets opened in a row");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  CHECK(Parsed(bomb).first().ends_with("aliases repeat more than 200000 values"));
}

TEST_CASE("an empty file is a null, not a failure") {
  for (const char* text : {"", "# comment\n", "---\n", "~"}) {
    const Parsed parsed(text);
    REQUIRE(parsed.document.root.node);
    CHECK(parsed.root().kind == Node::Kind::null);
  }
}

TEST_CASE("any cut and any changed byte of a file gives an answer") {
  const std::string whole =
      "name: \"d\\u00e9\"\nparameters: {a: &x [1, 'two', *y]}\nsteps:\n  s: !!map\n    command: |\n"
      "      echo ${{inputs.x}}\n    <<: *x\n    ? k\n    : v # end\n...\n";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Parsed cut(whole.substr(0, i));
    CHECK((cut.document.root.node || cut.mistakes.has_errors()));
    for (const char c : {'\t', '{', '[', '"', '\'', '*', '&', '!', ':', '-', '\n', '|', '%', '\x80'}) {
      std::string changed = whole;
      changed[i] = c;
      Parsed other(changed);
      CHECK((other.document.root.node || other.mistakes.has_errors()));
    }
  }
}
