#include "insights/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"
#include "insights/gunzip.h"
#include "system/files.h"

namespace mlpipe::insights {
namespace {

constexpr std::size_t most_connections = 128;
constexpr std::size_t longest_unpacked = HttpReader::longest_body;
constexpr auto until_descriptors = std::chrono::milliseconds(100);
constexpr int ok = 200, bad_request = 400, not_found = 404;

std::string response(int status, const std::string& body, bool keep_alive) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: {}\r\n\r\n{}", status, status == ok ? "OK" : "Refused",
                     body.size(), keep_alive ? "keep-alive" : "close", body);
}

// Short, and the client waits for it: a socket that has no room for it has a client that does not listen.
bool send_all(int socket, const std::string& text) {
  return ::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

Result<int> port_of(const Fd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return errno_error("listen on", "127.0.0.1");
  return static_cast<int>(ntohs(address.sin_port));
}

}  // namespace

Result<std::unique_ptr<Endpoint>> Endpoint::open(EventLoop& loop) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(socket.get(), SOMAXCONN) != 0)
    return errno_error("listen on", "127.0.0.1");
  MLPIPE_TRY(const int port, port_of(socket));
  return std::unique_ptr<Endpoint>(new Endpoint(loop, std::move(socket), port));
}

Endpoint::Endpoint(EventLoop& loop, Fd listener, int port) : loop_(loop), listener_(std::move(listener)), port_(port) { listen(true); }

Endpoint::~Endpoint() {
  listen(false);
  if (retry_) loop_.cancel(retry_);
  for (const auto& [fd, connection] : connections_) loop_.forget(fd);
}

std::string Endpoint::address(const std::string& token, const std::string& process) const {
  return fmt::format("http://127.0.0.1:{}/{}/{}", port_, token, process);
}

void Endpoint::listen(bool wanted) {
  if (listening_ == wanted) return;
  listening_ = wanted;
  if (wanted) loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
  else loop_.forget(listener_.get());
}

// Who says nothing keeps nobody out: without room for more, the one that was silent longest goes.
void Endpoint::accept() {
  const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) return listen_later();
  if (fd < 0) return;
  if (connections_.size() >= most_connections) close(most_silent());
  connections_.emplace(fd, Connection{Fd(fd), HttpReader([this](const HttpRequest& head) { return served(head) ? 0 : not_found; }), ++heard_});
  loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t) { read(fd); });
}

int Endpoint::most_silent() const {
  return std::ranges::min_element(connections_, {}, [](const auto& connection) { return connection.second.heard; })->first;
}

// Without descriptors who comes waits, and we must not be woken for it all the time.
void Endpoint::listen_later() {
  listen(false);
  retry_ = loop_.after(until_descriptors, [this] {
    retry_ = 0;
    listen(true);
  });
}

void Endpoint::read(int fd) {
  std::array<char, 64u << 10> chunk;
  const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return close(fd);
  Connection& connection = connections_.at(fd);
  connection.heard = ++heard_;
  connection.reader.feed({chunk.data(), static_cast<std::size_t>(got)});
  if (!answer_all(connection)) close(fd);
}

// False: that was the last request of this connection.
bool Endpoint::answer_all(Connection& connection) {
  const int socket = connection.socket.get();
  while (const auto request = connection.reader.next()) {
    const auto [status, body] = answer(*request);
    if (!send_all(socket, response(status, body, request->keep_alive)) || !request->keep_alive) return false;
  }
  const int refused = connection.reader.refused();
  if (refused != 0) send_all(socket, response(refused, "{}", false));
  return refused == 0;
}

// Who takes what is sent there: of a path /TOKEN/PROCESS/v2.1/track. A null pointer: nobody.
const Endpoint::OnRecords* Endpoint::served(const HttpRequest& head) const {
  const auto parts = split(head.path, '/');
  const auto found = parts.size() > 2 && head.method == "POST" ? served_.find(std::string(parts[1])) : served_.end();
  return found == served_.end() ? nullptr : &found->second;
}

std::pair<int, std::string> Endpoint::answer(const HttpRequest& request) {
  const OnRecords* const on_records = served(request);
  if (!on_records) return {not_found, "{}"};  // it was, when the head came
  const bool packed = request.encoding == "gzip";
  const auto unpacked = packed ? gunzip(request.body, longest_unpacked) : std::nullopt;
  if ((packed && !unpacked) || (!packed && !request.encoding.empty() && request.encoding != "identity")) return {bad_request, "{}"};
  const Received received = read_envelopes(packed ? *unpacked : request.body);
  if (!received.records.empty()) (*on_records)(std::string(split(request.path, '/')[2]), received.records);
  return {ok, fmt::format(R"({{"itemsReceived":{0},"itemsAccepted":{0},"errors":[]}})", received.envelopes)};
}

void Endpoint::close(int fd) {
  loop_.forget(fd);
  connections_.erase(fd);
}

std::string connection_string(const std::string& address) {
  return fmt::format("InstrumentationKey=00000000-0000-4000-8000-000000000000;IngestionEndpoint={0};LiveEndpoint={0}", address);
}

}  // namespace mlpipe::insights
