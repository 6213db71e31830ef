// Writes block-style YAML, a line at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mlpipe::azure {

// `text` as one YAML scalar that is read back as that text: plain where nothing can be misread, else in double quotes.
std::string yaml_scalar(std::string_view text);

class YamlWriter {
 public:
  // Keys are texts, too: one that reads as a truth is quoted. `key:` and below it what is written until close().
  void open(std::string_view key);
  void close() { --depth_; }
  void text(std::string_view key, std::string_view value);    // a scalar that is text
  void plain(std::string_view key, std::string_view value);   // a number, true or false, or a flow collection
  void empty(std::string_view key) { plain(key, ""); }
  void list(std::string_view key, const std::vector<std::string>& values);

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t depth_ = 0;
};

}  // namespace mlpipe::azure
