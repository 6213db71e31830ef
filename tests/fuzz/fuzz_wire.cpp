// Damages messages between the runner and its workers at random, and reads them in pieces of any size: nothing may crash or hang, and
// what is read must be what writing it gives. scripts/fuzz runs it with sanitizers.
//   fuzz_wire SECONDS SEED
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <stdexcept>

#include "fuzz/damage.h"
#include "worker/protocol.h"

using namespace mlpipe;

namespace {

using Clock = std::chrono::steady_clock;

wire::MiniBatch table() {
  wire::MiniBatch batch{7, 2, {}, wire::MiniBatch::Kind::table, {{"day", wire::Key::Type::time, "2019-01-31T23:59:59"}}, 100, 50, 10, 20, {}, "{}", {}};
  batch.pieces.push_back({"/a.csv", wire::TablePiece::Format::delimited, ",", true, 12, {{12, 90}, {100, 200}}, {{"year", wire::Key::Type::text, "2019"}}, "/b.csv"});
  batch.sample = batch.pieces;
  return batch;
}

std::vector<std::string> to_worker() {
  return {wire::encode(wire::ToWorker(wire::Init{{{"entry_script", "score.py"}, {"argument", "--x"}}})), wire::encode(wire::ToWorker(wire::MiniBatch{1, 1, {"/a", "/b"}})),
          wire::encode(wire::ToWorker(table())), wire::encode(wire::ToWorker(wire::Stop{}))};
}

std::vector<std::string> from_worker() {
  wire::MiniBatchResult result{3, 1, 2, 1, 99, {{1, "bad"}}, "row\n"};
  return {wire::encode(wire::FromWorker(wire::Ready{5})), wire::encode(wire::FromWorker(wire::InitFailed{"a", "b"})), wire::encode(wire::FromWorker(result)),
          wire::encode(wire::FromWorker(wire::MiniBatchFailed{1, 2, "a", "b"})), wire::encode(wire::FromWorker(wire::RowsHeader{1, "a,b\n"})), wire::encode(wire::FromWorker(wire::Bye{""}))};
}

// How many messages came out.
template <class Message>
std::size_t read_all(fuzz::Damage& damage, const std::string& bytes) {
  wire::Reader<Message> reader;
  std::size_t messages = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t part = std::min(bytes.size() - at, 1 + damage.below(64));
    reader.feed(std::string_view(bytes).substr(at, part));
    at += part;
    for (;;) {
      auto message = reader.next();
      if (!message) return messages;
      if (!*message) break;
      ++messages;
      const std::string frame = wire::encode(**message);
      wire::Reader<Message> again;
      again.feed(frame);
      const auto same = again.next();
      if (!same || !*same || wire::encode(**same) != frame) throw std::runtime_error("a message does not survive writing and reading");
    }
  }
  return messages;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return std::fprintf(stderr, "usage: fuzz_wire SECONDS SEED\n"), 2;
  fuzz::Damage damage(static_cast<unsigned>(std::stoul(arguments[2])));
  fuzz::LastInput input("fuzz_wire.last");
  const std::vector<std::string> there = to_worker(), back = from_worker();
  const std::vector<std::string> words{std::string(4, '\0'), std::string(4, '\xff'), "\xff\xff\xff\x3f", std::string("\1\0\0\0", 4), std::string("\0\0\1\0", 4), "\x02", "\x0c"};
  const auto end = Clock::now() + std::chrono::seconds(std::stol(arguments[1]));
  std::uint64_t tried = 0, messages = 0;
  for (; Clock::now() < end; ++tried) {
    const bool to = damage.below(2) == 0;
    std::string bytes;
    for (std::size_t i = 0, frames = 1 + damage.below(3); i < frames; ++i) bytes += damage.next(to ? there : back, words);
    input.keep(bytes);
    messages += to ? read_all<wire::ToWorker>(damage, bytes) : read_all<wire::FromWorker>(damage, bytes);
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} damaged streams, {} messages came out, at most {} MB\n", tried, messages, usage.ru_maxrss / 1024);
  return usage.ru_maxrss > 1024 * 1024;
}
