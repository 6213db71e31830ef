#include "spec/v2/words.h"

#include <fmt/format.h>

#include <utility>

namespace mlpipe::spec::v2 {
namespace {

// Cuts as a shell does: blanks, quotes, backslashes.
class WordSplitter {
 public:
  explicit WordSplitter(const Template& text) : text_(text) {}

  std::optional<std::vector<Template>> split() {
    for (const auto& part : text_.parts) {
      if (const auto* reference = std::get_if<Reference>(&part)) add_reference(*reference);
      else for (const char c : std::get<std::string>(part)) add(c);
    }
    if (quote_) return std::nullopt;
    finish();
    return std::move(words_);
  }

 private:
  void add_reference(const Reference& reference) {
    flush();
    word_.parts.emplace_back(reference);
    begun_ = true;
  }

  void add(char c) {
    if (escaped_) literal(c, false);
    else if (c == '\\' && quote_ != '\'') escaped_ = true;
    else if (quote_ && c == quote_) quote_ = 0;
    else if (quote_) literal(c, true);
    else if (c == '"' || c == '\'') begin_quote(c);
    else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') finish();
    else literal(c, true);
  }

  void begin_quote(char c) {
    quote_ = c;
    begun_ = true;
  }

  void literal(char c, bool plain) {
    if (!plain && quote_ == '"' && c != '"' && c != '\\') letters_ += '\\';
    letters_ += c;
    escaped_ = false;
    begun_ = true;
  }

  void flush() {
    if (!letters_.empty()) word_.parts.emplace_back(std::exchange(letters_, {}));
  }

  void finish() {
    if (!begun_) return;
    if (word_.parts.empty() || !letters_.empty()) word_.parts.emplace_back(std::exchange(letters_, {}));
    word_.written = written();
    word_.where = text_.where;
    words_.push_back(std::exchange(word_, {}));
    begun_ = false;
  }

  std::string written() const {
    std::string text;
    for (const auto& part : word_.parts) {
      const auto* reference = std::get_if<Reference>(&part);
      text += reference ? fmt::format("${{{{{}.{}}}}}", reference->kind == RefKind::output ? "outputs" : "inputs", reference->name)
                        : std::get<std::string>(part);
    }
    return text;
  }

  const Template& text_;
  std::vector<Template> words_;
  Template word_;
  std::string letters_;
  char quote_ = 0;
  bool escaped_ = false, begun_ = false;
};

}  // namespace

std::optional<std::vector<Template>> split_words(const Template& text) { return WordSplitter(text).split(); }

}  // namespace mlpipe::spec::v2
