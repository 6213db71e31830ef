#include "base/web_address.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("credentials stand between the scheme and the host") {
  CHECK(credentials_in("https://user:p@ss@host:1/a@b?c@d") == "user:p@ss@");
  CHECK(credentials_in("http://token@host") == "token@");
  CHECK(credentials_in("http://host/a@b").empty());
  CHECK(credentials_in("http://host?a@b").empty());
  CHECK(credentials_in("").empty());
}
