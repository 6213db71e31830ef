#include "worker/protocol.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

using namespace mlpipe;
using namespace mlpipe::wire;

namespace {

template <class Message, class Kind>
Kind round_trip(const Kind& message) {
  Reader<Message> reader;
  reader.feed(encode(Message(message)));
  auto read = reader.next();
  REQUIRE(read);
  REQUIRE(read->has_value());
  REQUIRE(std::holds_alternative<Kind>(**read));
  auto more = reader.next();
  CHECK((more && !more->has_value()));
  return std::get<Kind>(**read);
}

std::string frame_of(std::uint8_t type, std::string_view body) {
  const auto length = static_cast<std::uint32_t>(1 + body.size());
  std::string frame(reinterpret_cast<const char*>(&length), 4);
  frame += static_cast<char>(type);
  return frame.append(body);
}

std::string u32(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), 4}; }

const std::string odd_name("caf\xe9 \0 line\nbreak", 16);

}  // namespace

TEST_CASE("mini-batches of every kind come out as they went in") {
  MiniBatch group;
  group.kind = MiniBatch::Kind::file_group;
  group.items = {"/a", odd_name};
  group.keys = {{"user", Key::Type::text, odd_name}, {"day", Key::Type::time, "2020-01-31T00:00:00"}};
  CHECK(round_trip<ToWorker>(group).keys == group.keys);
  CHECK(round_trip<ToWorker>(group).items == group.items);

  MiniBatch table;
  table.kind = MiniBatch::Kind::table;
  table.keys = group.keys;
  table.first_row = 1ull << 40;
  table.rows = 9;
  table.row_first = 2;
  table.row_count = 3;
  table.pieces = {{odd_name, TablePiece::Format::parquet, ";", true, 77, {{1, 2}, {1ull << 50, 1ull << 51}}, group.keys, "/first"}, {}};
  table.transformations = "[{}]";
  table.sample = table.pieces;
  const auto read = round_trip<ToWorker>(table);
  CHECK(read.keys == table.keys);
  CHECK(read.first_row == table.first_row);
  CHECK(read.rows == 9);
  CHECK(read.row_first == 2);
  CHECK(read.row_count == 3);
  CHECK(read.pieces == table.pieces);
  CHECK(read.transformations == table.transformations);
  CHECK(read.sample == table.sample);

  MiniBatch rank;
  rank.kind = MiniBatch::Kind::rank;
  CHECK(round_trip<ToWorker>(rank).kind == MiniBatch::Kind::rank);
}

TEST_CASE("every message of the wire comes out as it went in") {
  CHECK(round_trip<ToWorker>(Init{{{"a", "1"}, {"argument", ""}, {"argument", odd_name}}}).fields ==
        Fields{{"a", "1"}, {"argument", ""}, {"argument", odd_name}});
  const auto batch = round_trip<ToWorker>(MiniBatch{1ull << 40, 3, {odd_name, ""}});
  CHECK(batch.id == 1ull << 40);
  CHECK(batch.attempt == 3);
  CHECK(batch.items == std::vector<std::string>{odd_name, ""});
  round_trip<ToWorker>(Stop{});
  CHECK(round_trip<FromWorker>(Ready{77}).init_us == 77);
  CHECK(round_trip<FromWorker>(InitFailed{"a", odd_name}).traceback == odd_name);
  const auto result = round_trip<FromWorker>(MiniBatchResult{9, 2, 4, 3, 55, {{1, "bad"}, {3, odd_name}}, "x\ny\n", true});
  CHECK(result.id == 9);
  CHECK(result.printed);
  CHECK_FALSE(round_trip<FromWorker>(MiniBatchResult{9, 2, 4, 3, 55, {}, ""}).printed);
  CHECK(result.attempt == 2);
  CHECK(result.items == 4);
  CHECK(result.returned == 3);
  CHECK(result.run_us == 55);
  REQUIRE(result.failed.size() == 2);
  CHECK(result.failed[1].number == 3);
  CHECK(result.failed[1].reason == odd_name);
  CHECK(result.rows == "x\ny\n");
  CHECK(round_trip<FromWorker>(MiniBatchFailed{9, 1, "s", "t"}).summary == "s");
  CHECK(round_trip<FromWorker>(RowsHeader{7, "a b\n"}).id == 7);
  CHECK(round_trip<FromWorker>(RowsHeader{7, "a b\n"}).text == "a b\n");
  CHECK(round_trip<FromWorker>(Bye{"oops"}).error == "oops");
}

TEST_CASE("messages are found however the stream is cut") {
  std::string stream;
  for (std::uint64_t id = 0; id < 20; ++id) stream += encode(FromWorker(MiniBatchResult{id, 1, 1, 1, 0, {}, std::string(id * 7, 'r')}));
  for (std::size_t piece : {1u, 2u, 3u, 5u, 64u, 4096u}) {
    Reader<FromWorker> reader;
    std::uint64_t expected = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(std::string_view(stream).substr(at, piece));
      for (;;) {
        auto message = reader.next();
        REQUIRE(message);
        if (!message->has_value()) break;
        const auto& result = std::get<MiniBatchResult>(**message);
        CHECK(result.id == expected);
        CHECK(result.rows.size() == expected * 7);
        ++expected;
      }
    }
    CHECK(expected == 20);
  }
}

TEST_CASE("a frame that cannot be right is an error, and stays one") {
  const std::vector<std::string> bad = {
      u32(0),                                             // no type
      u32(longest_frame + 1),                             // too long
      std::string("\xff\xff\xff\xff", 4),
      frame_of(99, ""),                                   // unknown type
      frame_of(2, ""),                                    // of the other direction
      frame_of(10, "123"),                                // short
      frame_of(10, "123456789"),                          // long
      frame_of(15, u32(5) + "abc"),                       // a text past the end
      frame_of(15, u32(0xffffffff)),
      frame_of(12, std::string(28, '\0') + u32(0xffffffff)),  // more failed items than could be there
      "Traceback (most recent call last):\n",             // a script that prints into the socket
  };
  for (const auto& bytes : bad) {
    Reader<FromWorker> reader;
    reader.feed(bytes);
    CHECK_FALSE(reader.next());
    reader.feed(encode(FromWorker(Ready{1})));
    CHECK_FALSE(reader.next());
  }
}

TEST_CASE("damaged bytes never get past the reader's bounds") {
  std::mt19937 random(7);
  const std::string whole = encode(FromWorker(MiniBatchResult{9, 2, 4, 3, 55, {{1, "bad"}, {3, "worse"}}, "x\ny\n"})) +
                            encode(FromWorker(InitFailed{"summary", "traceback"})) + encode(FromWorker(Bye{"x"}));
  for (int turn = 0; turn < 5000; ++turn) {
    std::string bytes = whole;
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    Reader<FromWorker> reader;
    reader.feed(bytes);
    for (int messages = 0; messages < 10; ++messages) {
      auto message = reader.next();
      if (!message || !message->has_value()) break;
    }
  }
}
