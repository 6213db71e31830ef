#include "reuse/ingredients.h"

#include <doctest/doctest.h>

#include <functional>

#include "system/blake3.h"

using namespace mlpipe;
using Kind = IngredientKind;

namespace {

using Description = std::function<void(IngredientSink&)>;

Digest fingerprint_of(const Description& describe) {
  FingerprintSink sink;
  describe(sink);
  return sink.finish();
}

std::string manifest_of(const Description& describe) {
  Manifest sink;
  describe(sink);
  return sink.to_text();
}

Tree tree_of(const std::string& content) { return make_tree({{"train.py", content.size(), false, digest_of(content)}}, false); }

}  // namespace

TEST_CASE("fingerprints are equal exactly when manifests are") {
  const std::vector<Description> descriptions = {
      [](IngredientSink&) {},
      [](IngredientSink& s) { s.value(Kind::parameter, "a", "1"); },
      [](IngredientSink& s) { s.value(Kind::parameter, "a", "1"); },
      [](IngredientSink& s) { s.value(Kind::parameter, "a1", ""); },
      [](IngredientSink& s) { s.value(Kind::parameter, "", "a1"); },
      [](IngredientSink& s) { s.value(Kind::variable, "a", "1"); },
      [](IngredientSink& s) { s.value(Kind::parameter, "a", "1"), s.value(Kind::parameter, "b", "2"); },
      [](IngredientSink& s) { s.value(Kind::parameter, "b", "2"), s.value(Kind::parameter, "a", "1"); },
      [](IngredientSink& s) { s.value(Kind::argument, "1", "\xff"); },
      [](IngredientSink& s) { s.value(Kind::argument, "1", "\xfe"); },
      [](IngredientSink& s) { s.value(Kind::argument, "1", "\\xff"); },
      [](IngredientSink& s) { s.value(Kind::argument, "1", std::string("\0", 1)); },
      [](IngredientSink& s) { s.tree(Kind::code, "", tree_of("1")); },
      [](IngredientSink& s) { s.tree(Kind::code, "", tree_of("2")); },
      [](IngredientSink& s) { s.tree(Kind::input, "", tree_of("1")); },
      [](IngredientSink& s) { s.value(Kind::code, "", tree_of("1").digest.hex()); },
  };
  for (std::size_t i = 0; i < descriptions.size(); ++i)
    for (std::size_t j = 0; j < descriptions.size(); ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK((fingerprint_of(descriptions[i]) == fingerprint_of(descriptions[j])) == (manifest_of(descriptions[i]) == manifest_of(descriptions[j])));
    }
}

TEST_CASE("a fingerprint stays what it is from build to build") {
  const Digest digest = fingerprint_of([](IngredientSink& s) {
    s.value(Kind::parameter, "epochs", "20");
    s.tree(Kind::code, "", tree_of("print()"));
  });
  // Another value here reruns every step of every user: raise the semantics version instead when that is meant.
  CHECK(digest.short_hex() == "c13d02147e64");
}

TEST_CASE("a manifest is read back exactly, whatever bytes it holds") {
  Manifest manifest;
  for (const Kind kind : {Kind::semantics, Kind::action, Kind::code, Kind::argument, Kind::parameter, Kind::input, Kind::side_input, Kind::output,
                          Kind::environment, Kind::variable, Kind::setting, Kind::sample})
    manifest.value(kind, "key \xff", "value\n\"\\ \xfe");
  manifest.tree(Kind::code, "lib", tree_of("x"));
  const auto back = Manifest::from_text(manifest.to_text());
  REQUIRE(back);
  CHECK(back->to_text() == manifest.to_text());
  CHECK(back->ingredients().back().tree == tree_of("x").digest);
  CHECK(back->ingredients().front().value == "value\n\"\\ \xfe");
  CHECK(to_text(manifest.trees().at(tree_of("x").digest)) == to_text(tree_of("x")));
}

TEST_CASE("a damaged manifest is refused") {
  Manifest manifest;
  manifest.value(Kind::parameter, "a", "1");
  const std::string text = manifest.to_text();
  for (std::size_t cut = 0; cut < text.size() - 2; ++cut) CHECK_FALSE(Manifest::from_text(text.substr(0, cut)));
  for (const char* bad : {"[]", "{}", R"({"manifest":2,"ingredients":[]})", R"({"manifest":1,"ingredients":[5]})",
                          R"({"manifest":1,"ingredients":[{"kind":"spell","key":"a","value":"1"}]})",
                          R"({"manifest":1,"ingredients":[{"kind":"code","key":"","tree":"12"}]})",
                          R"({"manifest":1,"ingredients":[{"kind":"code","value":"12"}]})"})
    CHECK_FALSE(Manifest::from_text(bad));
}
