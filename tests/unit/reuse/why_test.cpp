#include "reuse/why.h"

#include <doctest/doctest.h>

#include <initializer_list>

#include "system/blake3.h"

using namespace mlpipe;
using Kind = IngredientKind;

namespace {

Tree tree_of(std::initializer_list<std::pair<const char*, const char*>> files) {
  std::vector<TreeEntry> entries;
  for (const auto& [path, content] : files) entries.push_back({path, 1, false, digest_of(content)});
  return make_tree(std::move(entries), false);
}

std::vector<Change> changes(const Manifest& before, const Manifest& after) {
  const auto source = [](const Manifest& manifest) {
    return [&](const Digest& digest) -> Result<std::string> {
      const auto found = manifest.trees().find(digest);
      if (found == manifest.trees().end()) return Error{ErrorKind::store, "none", {}};
      return to_text(found->second);
    };
  };
  return explain(before, after, source(before), source(after));
}

std::vector<std::string> texts(const std::vector<Change>& changes) {
  std::vector<std::string> lines;
  for (const Change& change : changes) lines.push_back(describe(change));
  return lines;
}

using Lines = std::vector<std::string>;

std::string arrow(const char* before, const char* after) {
  return " (" + digest_of(before).short_hex() + " -> " + digest_of(after).short_hex() + ")";
}

}  // namespace

TEST_CASE("equal manifests have nothing to explain") {
  Manifest manifest;
  manifest.value(Kind::parameter, "epochs", "20");
  manifest.tree(Kind::code, "", tree_of({{"a", "1"}}));
  CHECK(changes(manifest, manifest).empty());
  CHECK(summarise({}).empty());
}

TEST_CASE("changes name files and values, in the order of a reader's interest") {
  Manifest before, after;
  before.tree(Kind::input, "images", tree_of({{"test/1.png", "1"}, {"test/2.png", "2"}}));
  after.tree(Kind::input, "images", tree_of({{"test/1.png", "9"}, {"test/2.png", "2"}}));
  before.value(Kind::environment, "package numpy", "1.24.2");
  after.value(Kind::environment, "package numpy", "1.26.0");
  before.value(Kind::argument, "2", "20");
  after.value(Kind::argument, "2", "30");
  before.value(Kind::parameter, "epochs", "20");
  after.value(Kind::parameter, "epochs", "30");
  before.value(Kind::setting, "mini_batch_size", "10");
  before.tree(Kind::code, "", tree_of({{"gone.py", "1"}, {"train.py", "2"}}));
  after.tree(Kind::code, "", tree_of({{"new.py", "1"}, {"train.py", "3"}}));
  after.value(Kind::variable, "SEED", "");
  const auto found = changes(before, after);
  CHECK(texts(found) == Lines{"code file gone.py is gone", "code file new.py is new", "code file train.py changed" + arrow("2", "3"), "parameter epochs: 20 -> 30",
                              "argument 2: 20 -> 30", "setting mini_batch_size is gone (was 10)", "environment package numpy: 1.24.2 -> 1.26.0",
                              "variable SEED is new (\"\")", "input images: file test/1.png changed" + arrow("1", "9")});
  CHECK(summarise(found) == "code file gone.py is gone, and 8 more");
  CHECK(summarise({found[2]}) == "code file train.py changed");
}

TEST_CASE("an input that came, went or became another kind of thing is told as a whole") {
  Manifest before, after;
  before.tree(Kind::input, "old", tree_of({{"a", "1"}}));
  after.tree(Kind::side_input, "new", tree_of({{"a", "1"}}));
  before.value(Kind::input, "both", "7");
  after.tree(Kind::input, "both", tree_of({{"a", "1"}}));
  CHECK(texts(changes(before, after)) ==
        Lines{"input both: 7 -> " + tree_of({{"a", "1"}}).digest.short_hex(), "input old is gone", "side input new is new"});
}

TEST_CASE("without a listing the tree is told as a whole") {
  Manifest before, after;
  const Tree one = tree_of({{"a", "1"}}), two = tree_of({{"a", "2"}});
  before.tree(Kind::code, "", one);
  after.tree(Kind::code, "", two);
  const auto none = [](const Digest&) -> Result<std::string> { return Error{ErrorKind::store, "gone", {}}; };
  const auto wrong = [&](const Digest&) -> Result<std::string> { return to_text(tree_of({{"b", "3"}})); };
  const std::string whole = "code changed (" + one.digest.short_hex() + " -> " + two.digest.short_hex() + ")";
  CHECK(texts(explain(before, after, none, none)) == Lines{whole});
  CHECK(texts(explain(before, after, wrong, wrong)) == Lines{whole});
}

TEST_CASE("hash paths, single files and the executable bit") {
  Manifest before, after;
  before.tree(Kind::code, "../shared", tree_of({{"util.py", "1"}}));
  after.tree(Kind::code, "../shared", tree_of({{"util.py", "2"}}));
  before.tree(Kind::side_input, "model", make_tree({{"", 1, false, digest_of("1")}}, true));
  after.tree(Kind::side_input, "model", make_tree({{"", 1, false, digest_of("2")}}, true));
  before.tree(Kind::code, "", make_tree({{"run.sh", 1, false, digest_of("1")}}, false));
  after.tree(Kind::code, "", make_tree({{"run.sh", 1, true, digest_of("1")}}, false));
  CHECK(texts(changes(before, after)) == Lines{"code file run.sh changed its permission to execute", "code file ../shared/util.py changed" + arrow("1", "2"),
                                               "side input model changed" + arrow("1", "2")});
}

TEST_CASE("ingredients of one name are told apart by their order") {
  Manifest before, after;
  for (const char* value : {"a", "b"}) before.value(Kind::argument, "", value);
  for (const char* value : {"a", "c", "d"}) after.value(Kind::argument, "", value);
  CHECK(texts(changes(before, after)) == Lines{"argument: b -> c", "argument is new (d)"});
}

TEST_CASE("long values are shown around their first difference, on one line and in whole letters") {
  const std::string common(500, 'x');
  Change change{Kind::argument, "1", "", common + "epochs=20" + common, common + "epochs=30" + common, false};
  const std::string text = describe(change);
  CHECK(text.size() < 160);
  CHECK(text.find("epochs=20") != std::string::npos);
  CHECK(text.find("epochs=30") != std::string::npos);
  CHECK(text.starts_with("argument 1: ...xx"));

  std::string letters;
  for (int i = 0; i < 200; ++i) letters += "\xc3\xa4";
  for (std::size_t cut = 0; cut < 6; ++cut) {
    const std::string shown = describe({Kind::argument, "1", "", std::string(cut, 'a') + letters + "1", std::string(cut, 'a') + letters + "2" + letters, false});
    CHECK(shown.find("\\x") == std::string::npos);
  }
  CHECK(describe({Kind::parameter, "p", "", "a\nb", "a\x1b[31m", false}) == "parameter p: a\\x0ab -> a\\x1b[31m");
}
