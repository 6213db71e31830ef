// Bytes worked out by hand from the .proto files; tests/scenarios/test_otel.py holds whole requests against the official classes.
#include "telemetry/otlp.h"

#include <doctest/doctest.h>

#include "telemetry/protobuf.h"

using namespace mlpipe;
using namespace mlpipe::telemetry;

TEST_CASE("fields are written as the encoding of protocol buffers has them") {
  ProtobufWriter writer;
  writer.varint(1, 150);
  writer.fixed64(2, 1);
  writer.text(16, "hi");
  CHECK(writer.take() == std::string("\x08\x96\x01\x11\x01\0\0\0\0\0\0\0\x82\x01\x02hi", 17));
  ProtobufWriter most;
  most.varint(1, ~std::uint64_t{0});
  CHECK(most.take() == "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST_CASE("a message says how long it is, also one that is longer than one byte can say") {
  ProtobufWriter writer;
  writer.message(1, [&] { writer.varint(1, 1); });
  writer.message(2, [&] { writer.text(1, std::string(200, 'x')); });
  CHECK(writer.take() == "\x0a\x02\x08\x01\x12\xcb\x01\x0a\xc8\x01" + std::string(200, 'x'));
}

TEST_CASE("texts are UTF-8 whatever came in, for one that is not would cost the whole request") {
  ProtobufWriter writer;
  writer.text(1, "a\xff");
  CHECK(writer.take() == "\x0a\x04" "a\xef\xbf\xbd");
}

TEST_CASE("ids are big-endian, and a span never ends before it began") {
  Span span{{0x0102030405060708u, 0x090a0b0c0d0e0f10u, 0x1112131415161718u}, 0, "n", WallTime(std::chrono::nanoseconds(5)), WallTime(std::chrono::nanoseconds(3))};
  const std::string request = trace_request({}, {span});
  CHECK(request.find("\x0a\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x12\x08\x11\x12\x13\x14\x15\x16\x17\x18\x2a\x01n\x30\x01") != std::string::npos);
  const std::string times = std::string("\x39\x05\0\0\0\0\0\0\0\x41\x05\0\0\0\0\0\0\0", 18);
  CHECK(request.find(times) != std::string::npos);
}
