#include "system/blake3.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

// The input of the official test vectors: bytes 0, 1, ..., 250, 0, 1, ...
std::string vector_input(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i % 251);
  return text;
}

}  // namespace

TEST_CASE("digests are those of the official BLAKE3 test vectors") {
  CHECK(digest_of("").hex() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  CHECK(digest_of(vector_input(1)).hex() == "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
  CHECK(digest_of(vector_input(1024)).hex() == "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7");
  CHECK(digest_of(vector_input(102400)).hex() == "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085");
}

TEST_CASE("a digest does not depend on how the bytes arrive") {
  const auto text = vector_input(100000);
  Hasher pieces;
  for (std::size_t at = 0, size = 1; at < text.size(); at += size, size = size * 3 + 1)
    pieces.bytes(std::string_view(text).substr(at, size));
  CHECK(pieces.finish() == digest_of(text));
}

TEST_CASE("a hasher can be copied and asked in between") {
  Hasher hasher;
  hasher.bytes("ab");
  Hasher copy = hasher;
  CHECK(hasher.finish() == digest_of("ab"));
  CHECK(copy.bytes("c").finish() == digest_of("abc"));
  CHECK(hasher.finish() == digest_of("ab"));
}

TEST_CASE("fields cannot run into each other") {
  CHECK(Hasher().field("ab").field("c").finish() != Hasher().field("a").field("bc").finish());
  CHECK(Hasher().field("").field("a").finish() != Hasher().field("a").field("").finish());
  CHECK(Hasher().field("a").finish() == Hasher().bytes(std::string_view("\1\0\0\0\0\0\0\0a", 9)).finish());
}

TEST_CASE("numbers are eight bytes, the lowest first, on every machine") {
  CHECK(Hasher().number(0x0102030405060708).finish() == digest_of("\x08\x07\x06\x05\x04\x03\x02\x01"));
}
