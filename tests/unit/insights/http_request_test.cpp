#include "insights/http_request.h"

#include <doctest/doctest.h>

#include <vector>

using namespace mlpipe::insights;

namespace {

int status_of(const std::string& text) {
  HttpReader reader;
  reader.feed(text);
  while (reader.next()) {
  }
  return reader.refused();
}

}  // namespace

TEST_CASE("requests come out whole, however they came in, and one after the other") {
  const std::string text = "POST /a/b HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 5\r\nContent-Encoding: GZIP\r\n\r\nhello"
                           "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n";
  for (std::size_t size : {std::size_t{1}, std::size_t{7}, text.size()}) {
    HttpReader reader;
    std::vector<HttpRequest> requests;
    for (std::size_t at = 0; at < text.size(); at += size) {
      reader.feed(std::string_view(text).substr(at, size));
      while (auto request = reader.next()) requests.push_back(*request);
    }
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].method == "POST");
    CHECK(requests[0].path == "/a/b");
    CHECK(requests[0].body == "hello");
    CHECK(requests[0].encoding == "gzip");
    CHECK(requests[0].keep_alive);
    CHECK(requests[1].path == "/");
    CHECK_FALSE(requests[1].keep_alive);
    CHECK(reader.refused() == 0);
  }
}

TEST_CASE("what is no request is refused with the status that says why") {
  CHECK(status_of("hello\r\n\r\n") == 400);
  CHECK(status_of("POST a HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("POST /a HTTP/2\r\n\r\n") == 400);
  CHECK(status_of("POST /a HTTP/1.1\r\nno colon\r\n\r\n") == 400);
  CHECK(status_of("POST /a HTTP/1.1\r\nContent-Length: x\r\n\r\n") == 400);
  CHECK(status_of("POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n") == 400);
  CHECK(status_of("POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n") == 400);
  CHECK(status_of("POST /a HTTP/1.1\r\n\r\n") == 411);
  CHECK(status_of("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == 411);
  CHECK(status_of("POST /a HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n") == 413);
  CHECK(status_of(std::string(HttpReader::longest_head + 1, 'x')) == 431);
}

TEST_CASE("a head that is not wanted is refused before its body is taken") {
  HttpReader reader([](const HttpRequest& head) { return head.path == "/wanted" ? 0 : 404; });
  reader.feed("POST /wanted HTTP/1.1\r\nContent-Length: 1\r\n\r\nxPOST /other HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n");
  CHECK(reader.next());
  CHECK_FALSE(reader.next());
  CHECK(reader.refused() == 404);
}

TEST_CASE("after a refusal nothing comes out any more") {
  HttpReader reader;
  reader.feed("nonsense\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  CHECK_FALSE(reader.next());
  reader.feed("GET / HTTP/1.1\r\n\r\n");
  CHECK_FALSE(reader.next());
  CHECK(reader.refused() == 400);
}
