#include "store/kept_spec.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

KeptSpec example(const Path& project) {
  return {project / "pipeline.yaml",
          {{project / "pipeline.yaml", "steps:\n"}, {project / "configs/p.yaml", "parallel_run_config:\n"}},
          {"-p epochs=3", "--input scans=" + (project / "data").string(), "--input far=/elsewhere/data"},
          {{"train", project / "train"}, {"score", project.parent_path() / "shared"}},
          {project / "data", "/elsewhere/data"}};
}

}  // namespace

TEST_CASE("a kept spec comes back as it was") {
  const TempFolder folder;
  const Store store = Store::open(folder / "project/.mlpipe", Store::Access::write).take();
  const KeptSpec kept = example(folder / "project");
  REQUIRE(keep_spec(store, "1", kept));
  const KeptSpec back = kept_spec(store, "1").take();
  CHECK(back.spec == kept.spec);
  CHECK(back.files == kept.files);
  CHECK(back.overrides == kept.overrides);
  CHECK(back.sources == kept.sources);
  CHECK(back.beside == kept.beside);
}

TEST_CASE("a kept spec of a project that was moved with its store names the new places") {
  const TempFolder folder;
  REQUIRE(keep_spec(Store::open(folder / "old/.mlpipe", Store::Access::write).take(), "1", example(folder / "old")));
  std::filesystem::rename(folder / "old", folder / "new");
  const KeptSpec moved = kept_spec(Store::open(folder / "new/.mlpipe", Store::Access::read).take(), "1").take();
  KeptSpec expected = example(folder / "new");
  CHECK(moved.spec == expected.spec);
  CHECK(moved.files == expected.files);
  CHECK(moved.overrides == expected.overrides);
  CHECK(moved.sources == expected.sources);
  CHECK(moved.beside == expected.beside);
}

TEST_CASE("a run without a kept spec, or with a damaged one, is an error") {
  const TempFolder folder;
  const Store store = Store::open(folder / "store", Store::Access::write).take();
  CHECK(kept_spec(store, "1").error().kind == ErrorKind::store);
  for (const char* text : {"{", "{}", "[]", R"({"spec": 1})", R"({"spec": "/x", "beside_store": "", "files": [], "overrides": [], "sources": {}, "beside": []})"}) {
    folder.write("store/runs/1/spec/kept.json", text);
    CHECK(kept_spec(store, "1").error().kind == ErrorKind::store);
  }
}
