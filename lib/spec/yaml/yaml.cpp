#include "spec/yaml/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "spec/yaml/source_text.h"
#include "spec/yaml/syntax_error.h"

namespace mlpipe::spec {
namespace {

constexpr std::string_view standard_tag = "tag:yaml.org,2002:";

// Leaves the library's parser after a mistake that has been reported.
struct Stop {};

std::size_t explicit_null_length(std::string_view text) {
  for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (!text.starts_with(word)) continue;
    const std::string_view rest = text.substr(word.size());
    const auto next = rest.find_first_not_of(' ');
    const bool is_key = next != std::string_view::npos && rest[next] == ':';
    if (!is_key && (rest.empty() || std::string_view(" \r\n,]}").find(rest.front()) != std::string_view::npos)) return word.size();
  }
  return 0;
}

class Builder : public YAML::EventHandler {
 public:
  Builder(Document& document, Diagnostics& diagnostics) : document_(document), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const Place where = place(mark);
    if (document_.from(where).starts_with("---"))
      fail({&document_, where.line, where.column, 3}, "a second document begins here", "a pipeline file holds one; remove the `---`");
    fail(where, "this does not belong to what is above it", "check its indentation, and that the line is `key: value`");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place where = place(mark);
    const std::size_t length = explicit_null_length(document_.from(where));
    where.length = std::max<int>(length, 1);
    if (wants_key()) fail(where, "a key is missing", "write `key: value`");
    if (length == 0) where = place_of_nothing(where);
    define(anchor, {&new_node(Node::Kind::null, where), 1, false});
    add({&document_.nodes.back(), where}, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place where = place(mark);
    const std::string_view rest = document_.from(where);
    where.length = static_cast<int>(std::min(rest.find_first_of(" \t\r\n,]}"), rest.size()));
    if (wants_key()) fail(where, "a key is text, not an alias", "write the key out");
    const Anchor& target = anchors_.at(anchor);
    if (target.open) fail(where, "this alias stands inside the value that it repeats", "write the value out");
    count_repeated(target.weight, where);
    add({target.node, where}, target.weight);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    const Place where = place_of_scalar(mark, value);
    Node& node = new_node(Node::Kind::scalar, where);
    if (value.find('\0') != std::string::npos) fail(where, "this text holds a NUL character", "leave it out");
    node.text = value;
    node.is_text = is_text_tag(tag, where);
    define(anchor, {&node, 1, false});
    if (wants_key()) {
      Frame& frame = frames_.back();
      frame.key = value;
      frame.key_where = where;
      return;
    }
    add({&node, where}, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override {
    refuse_duplicates(*frames_.back().node);
    merge(*frames_.back().node);
    close();
  }

  // Where and how the library gave up.
  void report(const YAML::Mark& mark, const std::string& message) {
    Place where = mark.is_null() ? Place{&document_} : place(mark);
    if (const int line = tab_indented_line(document_, std::max(last_line_, where.line - 2), where.line)) {
      const std::size_t tab = document_.text.find('\t', document_.line_starts[line - 1]);
      return error(document_.place_of(tab, 1), describe_syntax_error("illegal tab"));
    }
    const std::size_t at = document_.offset(where);
    if (at > 0 && std::string_view(document_.text).substr(at - 1).starts_with("${{"))
      return error(document_.place_of(at - 1, 3), {"an expression between { } or [ ] needs quotes", "write \"${{...}}\""});
    if (message.find("flow not found") != std::string::npos && !frames_.empty()) where = frames_.back().where;
    error(where, describe_syntax_error(message));
  }

 private:
  struct Anchor {
    const Node* node = nullptr;
    std::size_t weight = 0;  // values below, those that aliases repeat included
    bool open = false;       // its end has not been seen
  };
  struct Frame {
    Node* node;
    Place where;
    YAML::anchor_t anchor;
    std::size_t weight = 1;
    std::optional<std::string> key{};
    Place key_where{};
  };

  Place place(const YAML::Mark& mark) {
    last_line_ = mark.line + 1;
    return {&document_, mark.line + 1, mark.column + 1, 1};
  }

  // Past its anchor and tag, with the length of what a person would underline.
  Place place_of_scalar(const YAML::Mark& mark, const std::string& value) {
    const std::size_t start = skip_properties(document_.text, document_.offset(place(mark)));
    const std::string_view rest = std::string_view(document_.text).substr(start);
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'') && quoted_length(rest) == 0)
      fail(document_.place_of(start, 1), "this quote is never closed", fmt::format("end the text with {}", rest.front()));
    return document_.place_of(start, scalar_length(rest, value));
  }

  // The library says where the next thing stands: take the key, or the dash of the list item.
  Place place_of_nothing(const Place& next) {
    if (frames_.empty()) return {&document_};
    if (frames_.back().node->kind == Node::Kind::map) return frames_.back().key_where;
    const std::size_t dash = std::string_view(document_.text).substr(0, document_.offset(next)).find_last_of("-[,");
    return dash == std::string_view::npos ? next : document_.place_of(dash, 1);
  }

  bool wants_key() const { return !frames_.empty() && frames_.back().node->kind == Node::Kind::map && !frames_.back().key; }

  bool is_text_tag(const std::string& tag, const Place& where) {
    if (tag.empty() || tag == "?") return false;
    if (tag == "!" || tag == std::string(standard_tag) + "str") return true;
    check_tag(tag, where);
    return false;
  }

  void check_tag(const std::string& tag, const Place& where) {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with(standard_tag)) return;
    fail(where, fmt::format("the tag `{}` means nothing here", tag), "remove it; write a text that begins with ! in quotes");
  }

  Node& new_node(Node::Kind kind, const Place& where) {
    if (document_.nodes.size() >= most_values) fail(where, fmt::format("more than {} values in one file", most_values), {});
    return document_.add(kind);
  }

  void define(YAML::anchor_t anchor, const Anchor& target) {
    if (anchor == 0) return;
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
    anchors_[anchor] = target;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const Place where = place(mark);
    check_tag(tag, where);
    if (wants_key())
      fail(where, fmt::format("a key is text, not a {}", kind == Node::Kind::map ? "map" : "list"),
           "put a text that contains { } [ ] in quotes");
    if (frames_.size() >= deepest_nesting) fail(where, fmt::format("nested deeper than {} levels", deepest_nesting), {});
    Node& node = new_node(kind, where);
    define(anchor, {&node, 0, true});
    frames_.push_back({&node, where, anchor});
  }

  void close() {
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    define(frame.anchor, {frame.node, frame.weight, false});
    add({frame.node, frame.where}, frame.weight);
  }

  void add(const Value& value, std::size_t weight) {
    if (frames_.empty()) {
      document_.root = value;
      return;
    }
    Frame& frame = frames_.back();
    frame.weight += weight;
    if (frame.node->kind == Node::Kind::sequence) {
      frame.node->items.push_back(value);
      return;
    }
    frame.node->entries.push_back({std::move(*frame.key), frame.key_where, value});
    frame.key.reset();
  }

  void refuse_duplicates(Node& map) {
    std::unordered_map<std::string_view, const Entry*> seen;
    std::vector<std::size_t> twice;
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      const Entry& entry = map.entries[i];
      const auto [first, is_new] = seen.emplace(entry.key, &entry);
      if (is_new) continue;
      twice.push_back(i);
      diagnostics_.error(location(entry.key_where), fmt::format("`{}` stands here twice", entry.key),
                         fmt::format("the first is at line {}, column {}", first->second->key_where.line, first->second->key_where.column));
      if (twice.size() >= most_duplicates) throw Stop();
    }
    for (auto i = twice.rbegin(); i != twice.rend(); ++i) map.entries.erase(map.entries.begin() + *i);
  }

  // `<<: *defaults` or `<<: [*a, *b]`: keys that the map does not have itself, the first map wins.
  void merge(Node& map) {
    const Entry* found = map.find("<<");
    if (!found) return;
    const Entry merged = *found;
    map.entries.erase(map.entries.begin() + (found - map.entries.data()));
    std::vector<Value> sources = merged.value.node->items;
    if (merged.value.node->kind != Node::Kind::sequence) sources = {merged.value};
    std::unordered_set<std::string> present;
    for (const Entry& entry : map.entries) present.insert(entry.key);
    for (const Value& source : sources) {
      if (source.node->kind != Node::Kind::map) fail(source.where, "`<<` takes a map, or a list of maps", "write it as `<<: *anchor`");
      count_repeated(source.node->entries.size(), source.where);
      for (const Entry& entry : source.node->entries)
        if (present.insert(entry.key).second) map.entries.push_back(entry);
    }
  }

  void count_repeated(std::size_t values, const Place& where) {
    repeated_ += values;
    if (repeated_ > most_aliased_values)
      fail(where, fmt::format("aliases repeat more than {} values", most_aliased_values), "write fewer of them");
  }

  void error(const Place& where, const SyntaxError& what) { diagnostics_.error(location(where), what.message, what.hint); }

  [[noreturn]] void fail(const Place& where, std::string message, std::string hint) {
    diagnostics_.error(location(where), std::move(message), std::move(hint));
    throw Stop();
  }

  static constexpr std::size_t most_duplicates = 100;

  Document& document_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  std::vector<Anchor> anchors_;
  std::size_t documents_ = 0;
  std::size_t repeated_ = 0;
  int last_line_ = 1;
};

}  // namespace

void parse_yaml(Document& document, Diagnostics& diagnostics) {
  if (!check_bytes(document, diagnostics)) return;
  Builder builder(document, diagnostics);
  try {
    std::istringstream in(document.text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) continue;
    if (!document.root.node) document.root = {&document.add(Node::Kind::null), {&document}};  // comments only
    return;
  } catch (const Stop&) {
  } catch (const YAML::Exception& problem) {
    builder.report(problem.mark, problem.msg);
  } catch (const std::exception& problem) {
    diagnostics.error(location({&document}), fmt::format("cannot be read as YAML: {}", problem.what()));
  }
  document.root = {};
}

}  // namespace mlpipe::spec
