// An ingestion endpoint of Application Insights on this machine, for steps that would send their records there: it takes whatever is
// sent, and hands it on. Lives in the runner's loop; no client can make that fail, nor keep it for longer than it takes to read one
// request, whose body has 8 MB at most, also when it is unpacked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "insights/http_request.h"
#include "insights/records.h"
#include "system/event_loop.h"

namespace mlpipe::insights {

class Endpoint {
 public:
  // `process`: as it stands in the address.
  using OnRecords = std::function<void(const std::string& process, const std::vector<Record>& records)>;

  // Listens on 127.0.0.1, on a port that is free. The loop outlives it.
  static Result<std::unique_ptr<Endpoint>> open(EventLoop& loop);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;

  // From now on records sent to address(token, ...) are handed over; others of this machine do not know the token.
  void serve(const std::string& token, OnRecords on_records) { served_[token] = std::move(on_records); }
  void forget(const std::string& token) { served_.erase(token); }
  std::string address(const std::string& token, const std::string& process) const;

 private:
  struct Connection {
    Fd socket;
    HttpReader reader;
    std::uint64_t heard = 0;  // by heard_, when something came last
  };

  Endpoint(EventLoop& loop, Fd listener, int port);
  void listen(bool wanted);
  void accept();
  void listen_later();
  int most_silent() const;
  void read(int fd);
  bool answer_all(Connection& connection);
  const OnRecords* served(const HttpRequest& head) const;
  std::pair<int, std::string> answer(const HttpRequest& request);
  void close(int fd);

  EventLoop& loop_;
  Fd listener_;
  int port_;
  bool listening_ = false;
  EventLoop::TimerId retry_ = 0;
  std::uint64_t heard_ = 0;
  std::map<int, Connection> connections_;
  std::map<std::string, OnRecords> served_;
};

// What a client takes the address from: a key that is well-formed and means nothing. Live metrics would go to the real service if it
// did not say where else.
std::string connection_string(const std::string& address);

}  // namespace mlpipe::insights
