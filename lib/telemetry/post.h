// One HTTP POST after the other to one address, over a connection that is kept. libcurl, opened when the first of these is made:
// with all that it brings along it would make every start of mlpipe longer. post.cpp alone knows it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "system/clock.h"
#include "telemetry/settings.h"

namespace mlpipe::telemetry {

struct Answer {
  int status = 0;     // 0: none came
  std::string error;  // why none came, or what a bad one was: "connection refused", "HTTP 500"

  bool good() const { return status >= 200 && status < 300; }
  // Worth trying again later: no answer, or one that says so.
  bool may_pass() const { return status == 0 || status == 429 || status == 502 || status == 503 || status == 504; }
};

class Poster {
 public:
  // Error: libcurl is not there.
  static Result<std::unique_ptr<Poster>> make(const Settings& settings);
  virtual ~Poster() = default;

  // Blocks until the answer is there or its time is over: Settings::timeout, or what hurry() says.
  virtual Answer post(std::string_view body) = 0;
  // From any thread: this post and all others are to be over by then.
  virtual void hurry(SteadyTime deadline) = 0;
};

}  // namespace mlpipe::telemetry
