#include "system/file_digest.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "support/temp_folder.h"
#include "system/blake3.h"

using namespace mlpipe;
using test::TempFolder;

TEST_CASE("the digest of a small file is that of its content") {
  const TempFolder folder;
  for (const std::size_t size : {0u, 1u, 1000u, 262'144u, 262'145u, 1'000'000u}) {
    const std::string text(size, 'x');
    CHECK(*digest_file(folder.write("file", text)) == digest_of(text));
  }
  CHECK_FALSE(digest_file(folder / "absent"));
  CHECK_FALSE(digest_file(folder.path()));
}

TEST_CASE("a large file's digest depends on every chunk, on its order and on the length") {
  const TempFolder folder;
  std::string text(2 * digest_chunk + 5, 'a');
  std::vector<Digest> seen;
  const auto differs = [&] {
    const auto digest = digest_file(folder.write("file", text));
    REQUIRE(digest);
    CHECK(std::find(seen.begin(), seen.end(), *digest) == seen.end());
    seen.push_back(*digest);
  };
  differs();
  text[0] = 'b';
  differs();
  std::swap(text[0], text[digest_chunk]);
  differs();
  text.back() = 'c';
  differs();
  text.pop_back();
  differs();
  text.resize(digest_chunk + 1);
  differs();
  text.pop_back();
  differs();
  CHECK(seen.back() == digest_of(text));
}

TEST_CASE("chunks digested one by one give the digest of the whole; a file that ends earlier is an error") {
  const TempFolder folder;
  const std::string text = std::string(digest_chunk, 'x') + "rest";
  const Path path = folder.write("file", text);
  const auto fd = open_file(path, O_RDONLY);
  REQUIRE(fd);
  std::vector<Digest> chunks;
  REQUIRE(count_chunks(text.size()) == 2);
  for (std::uint64_t i = 0; i < 2; ++i) chunks.push_back(*digest_one_chunk(fd->get(), i, text.size(), path));
  CHECK(join_chunks(chunks, text.size()) == *digest_file(path));
  CHECK_FALSE(digest_content(fd->get(), text.size() + 1, path));
}
