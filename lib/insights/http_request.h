// Cuts what a client sends over one connection into HTTP/1.1 requests. Pure, and made for hostile input: what it holds is never larger
// than a head and a body may be.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mlpipe::insights {

struct HttpRequest {
  std::string method, path;
  std::string encoding;  // Content-Encoding in lower case, or empty
  bool keep_alive = true;
  std::string body;
};

class HttpReader {
 public:
  static constexpr std::size_t longest_head = 16u << 10, longest_body = 8u << 20;
  // Asked before the body is taken; the status that refuses it, or 0.
  using JudgeHead = std::function<int(const HttpRequest& head)>;

  explicit HttpReader(JudgeHead judge = {}) : judge_(std::move(judge)) {}
  void feed(std::string_view bytes) { buffer_ += bytes; }
  // The next whole request. Nothing: feed more, unless it is refused.
  std::optional<HttpRequest> next();
  // The status to answer with before the connection is closed; 0: all is well.
  int refused() const { return refused_; }

 private:
  std::optional<HttpRequest> refuse(int status);
  int read_head(std::string_view head);

  JudgeHead judge_;
  std::string buffer_;
  std::optional<HttpRequest> head_;  // whose body is still to come
  std::size_t body_size_ = 0;
  int refused_ = 0;
};

}  // namespace mlpipe::insights
