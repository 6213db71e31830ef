// The endpoint with clients on real sockets.
#include "insights/endpoint.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/text.h"

using namespace mlpipe;
using namespace mlpipe::insights;

namespace {

constexpr const char* message = R"([{"time":"2026-11-23T00:15:30.123Z","data":{"baseType":"MessageData","baseData":{"message":"hello"}}}])";

struct Served {
  EventLoop loop;
  std::unique_ptr<Endpoint> endpoint;
  std::vector<std::string> got;

  Served() {
    auto opened = Endpoint::open(loop);
    REQUIRE(opened);
    endpoint = opened.take();
    endpoint->serve("token", [this](const std::string& process, const std::vector<Record>& records) {
      for (const Record& record : records) got.push_back(process + ": " + record.text);
    });
  }

  // Of "http://127.0.0.1:PORT//".
  int port() const {
    const std::string address = endpoint->address("", "");
    const auto begin = address.rfind(':') + 1;
    return static_cast<int>(*parse_integer(address.substr(begin, address.find('/', begin) - begin)));
  }

  Fd connect() const {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port()));
    REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return socket;
  }

  // Turns the loop until the client has an answer, or the other end was closed.
  std::string answer(const Fd& socket) {
    std::string text(4096, '\0');
    for (int turns = 0; turns < 1000; ++turns) {
      const ssize_t size = ::recv(socket.get(), text.data(), text.size(), MSG_DONTWAIT);
      if (size >= 0) return text.substr(0, static_cast<std::size_t>(size));
      loop.turn(std::chrono::milliseconds(10));
    }
    return "no answer";
  }

  std::string ask(const std::string& text) {
    const Fd socket = connect();
    REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    return answer(socket);
  }
};

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("records of who knows the token arrive, with the process that the address names") {
  Served served;
  const std::string answer = served.ask(post("/token/process001/v2.1/track", message));
  CHECK(answer.find("HTTP/1.1 200 OK\r\n") == 0);
  CHECK(answer.find(R"({"itemsReceived":1,"itemsAccepted":1,"errors":[]})") != std::string::npos);
  CHECK(served.got == std::vector<std::string>{"process001: hello"});
}

TEST_CASE("others are turned away") {
  Served served;
  CHECK(served.ask(post("/guess/process001/v2.1/track", message)).find("HTTP/1.1 404") == 0);
  CHECK(served.ask("GET /token/process001/v2.1/track HTTP/1.1\r\n\r\n").find("HTTP/1.1 404") == 0);
  CHECK(served.ask("nonsense\r\n\r\n").find("HTTP/1.1 400") == 0);
  CHECK(served.ask("POST /token/a/b HTTP/1.1\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\nxx").find("HTTP/1.1 400") == 0);
  served.endpoint->forget("token");
  CHECK(served.ask(post("/token/process001/v2.1/track", message)).find("HTTP/1.1 404") == 0);
  CHECK(served.got.empty());
}

TEST_CASE("who does not know the token is told before anything of a body is taken") {
  Served served;
  CHECK(served.ask("POST /guess/a/b HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n").find("HTTP/1.1 404") == 0);
}

TEST_CASE("a connection serves more than one request, and many clients that say nothing keep nobody out") {
  Served served;
  const Fd socket = served.connect();
  for (int i = 0; i < 2; ++i) {
    const std::string text = post("/token/-/v2.1/track", message);
    REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) > 0);
    CHECK(served.answer(socket).find("HTTP/1.1 200") == 0);
  }
  std::vector<Fd> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(served.connect());
    served.loop.turn(std::chrono::milliseconds(0));
  }
  CHECK(served.ask(post("/token/-/v2.1/track", message)).find("HTTP/1.1 200") == 0);
  CHECK(served.got.size() == 3);
}

TEST_CASE("who comes while there are no descriptors is heard when there are some again") {
  Served served;
  const Fd socket = served.connect();
  const std::string text = post("/token/-/v2.1/track", message);
  REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) > 0);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  served.loop.turn(std::chrono::milliseconds(0));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(served.answer(socket).find("HTTP/1.1 200") == 0);
}

TEST_CASE("a connection string has a key that clients take for one") {
  CHECK(connection_string("http://127.0.0.1:1/t/-") ==
        "InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint=http://127.0.0.1:1/t/-;LiveEndpoint=http://127.0.0.1:1/t/-");
}
