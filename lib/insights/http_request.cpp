#include "insights/http_request.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace mlpipe::insights {
namespace {

constexpr int bad_request = 400, length_required = 411, too_large = 413, head_too_large = 431;
constexpr std::string_view end_of_head = "\r\n\r\n";

// "POST /path HTTP/1.1".
bool read_first_line(std::string_view line, HttpRequest& request) {
  const auto words = split(line, ' ');
  if (words.size() != 3 || words[0].empty() || !words[1].starts_with('/') || !words[2].starts_with("HTTP/1.")) return false;
  request.method = words[0];
  request.path = words[1];
  request.keep_alive = words[2] != "HTTP/1.0";
  return true;
}

}  // namespace

std::optional<HttpRequest> HttpReader::refuse(int status) {
  refused_ = status;
  buffer_.clear();
  return std::nullopt;
}

// 0, or the status that refuses it.
int HttpReader::read_head(std::string_view head) {
  HttpRequest request;
  std::optional<long long> length;
  bool first = true;
  for (std::string_view line : split(head, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (std::exchange(first, false)) {
      if (!read_first_line(line, request)) return bad_request;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return bad_request;
    const std::string name = lower(line.substr(0, colon)), value = lower(trim(line.substr(colon + 1)));
    if (name == "transfer-encoding") return length_required;  // no client of Application Insights sends in pieces
    if (name == "content-encoding") request.encoding = value;
    if (name == "connection") request.keep_alive = value != "close";
    if (name != "content-length") continue;
    if (length) return bad_request;
    length = parse_integer(value);
    if (!length || *length < 0) return bad_request;
  }
  if (!length && request.method == "POST") return length_required;
  if (length.value_or(0) > static_cast<long long>(longest_body)) return too_large;
  if (const int status = judge_ ? judge_(request) : 0) return status;
  body_size_ = static_cast<std::size_t>(length.value_or(0));
  head_ = std::move(request);
  return 0;
}

std::optional<HttpRequest> HttpReader::next() {
  if (refused_ != 0) return refuse(refused_);
  if (!head_) {
    const auto end = buffer_.find(end_of_head);
    if (std::min(end, buffer_.size()) > longest_head) return refuse(head_too_large);
    if (end == std::string::npos) return std::nullopt;
    if (const int status = read_head(std::string_view(buffer_).substr(0, end))) return refuse(status);
    buffer_.erase(0, end + end_of_head.size());
  }
  if (buffer_.size() < body_size_) return std::nullopt;
  HttpRequest request = std::move(*head_);
  head_.reset();
  request.body = buffer_.substr(0, body_size_);
  buffer_.erase(0, body_size_);
  return request;
}

}  // namespace mlpipe::insights
