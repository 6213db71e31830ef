#include <doctest/doctest.h>

#include <sys/stat.h>

#include <set>

#include "support/temp_folder.h"
#include "system/file_watch.h"

using namespace mlpipe;

namespace {

bool ignores_logs(std::string_view below, bool) { return below.ends_with(".log") || below == "skipped"; }

// What is told, by its path below `folder`. The kernel queues what happened before the call that made it happen returns.
std::set<std::string> told(FileWatch& watch, const test::TempFolder& folder) {
  std::set<std::string> paths;
  for (const Path& path : watch.changes()) paths.insert(path.lexically_relative(folder.path()).string());
  return paths;
}

using Told = std::set<std::string>;

}  // namespace

// Both ways: the kernel's, and that for where it cannot.
TEST_CASE("what is saved in a folder is told once") {
  for (const std::size_t most : {FileWatch::no_limit, std::size_t{0}}) {
    CAPTURE(most);
    test::TempFolder folder;
    folder.write("code/a.py", "1");
    folder.write("code/below/b.py", "1");
    FileWatch watch({{folder / "code", ignores_logs}}, most);
    CHECK(watch.polled().size() == (most == 0 ? 1 : 0));
    CHECK(told(watch, folder) == Told{});

    folder.write("code/below/b.py", "22");
    CHECK(told(watch, folder) == Told{"code/below/b.py"});
    CHECK(told(watch, folder) == Told{});

    folder.write("code/new.tmp", "333");  // as editors do
    std::filesystem::rename(folder / "code/new.tmp", folder / "code/a.py");
    CHECK(told(watch, folder).contains("code/a.py"));

    std::filesystem::remove(folder / "code/a.py");
    CHECK(told(watch, folder) == Told{"code/a.py"});

    ::chmod((folder / "code/below/b.py").c_str(), 0755);
    CHECK(told(watch, folder) == Told{"code/below/b.py"});
  }
}

TEST_CASE("what came and went in between is nothing") {
  test::TempFolder folder;
  folder.write("code/a.py", "1");
  FileWatch watch({{folder / "code", {}}});
  folder.write("code/4913", "");
  std::filesystem::remove(folder / "code/4913");
  CHECK(told(watch, folder) == Told{});
}

TEST_CASE("what is ignored is not told, nor what is below it") {
  for (const std::size_t most : {FileWatch::no_limit, std::size_t{0}}) {
    CAPTURE(most);
    test::TempFolder folder;
    folder.write("code/skipped/a.py", "1");
    FileWatch watch({{folder / "code", ignores_logs}}, most);
    folder.write("code/skipped/a.py", "22");
    folder.write("code/x.log", "1");
    CHECK(told(watch, folder) == Told{});
  }
}

TEST_CASE("new folders are watched, with what is already in them") {
  for (const std::size_t most : {FileWatch::no_limit, std::size_t{0}}) {
    CAPTURE(most);
    test::TempFolder folder;
    folder.write("code/a.py", "1");
    FileWatch watch({{folder / "code", {}}}, most);
    folder.write("code/new/deep/b.py", "1");
    CHECK(told(watch, folder).contains("code/new/deep/b.py"));
    folder.write("code/new/deep/b.py", "22");
    CHECK(told(watch, folder) == Told{"code/new/deep/b.py"});
  }
}

TEST_CASE("one file, also one that is not there yet, without its neighbours") {
  for (const std::size_t most : {FileWatch::no_limit, std::size_t{0}}) {
    CAPTURE(most);
    test::TempFolder folder;
    folder.write("pipeline.yaml", "1");
    FileWatch watch({{folder / "pipeline.yaml", {}}, {folder / "local.yaml", {}}}, most);
    folder.write("other.yaml", "1");
    CHECK(told(watch, folder) == Told{});
    folder.write("local.yaml", "1");
    CHECK(told(watch, folder) == Told{"local.yaml"});
    folder.write("swap", "22");
    std::filesystem::rename(folder / "swap", folder / "pipeline.yaml");
    CHECK(told(watch, folder) == Told{"pipeline.yaml"});
    folder.write("pipeline.yaml", "333");  // the new file is watched as the old one was
    CHECK(told(watch, folder) == Told{"pipeline.yaml"});
  }
}

TEST_CASE("a folder may go, and come back") {
  test::TempFolder folder;
  folder.write("code/a.py", "1");
  FileWatch watch({{folder / "code", {}}});
  std::filesystem::remove_all(folder / "code");
  CHECK(told(watch, folder).contains("code"));
  folder.write("code/a.py", "1");
  CHECK(told(watch, folder).contains("code/a.py"));
  folder.write("code/a.py", "22");
  CHECK(told(watch, folder) == Told{"code/a.py"});
}

TEST_CASE("links are followed, also in a circle") {
  for (const std::size_t most : {FileWatch::no_limit, std::size_t{0}}) {
    CAPTURE(most);
    test::TempFolder folder;
    folder.write("elsewhere/data", "1");
    folder.write("far/below/c", "1");
    folder.write("code/a.py", "1");
    std::filesystem::create_symlink(folder / "elsewhere/data", folder / "code/data");
    std::filesystem::create_symlink(folder / "far", folder / "code/far");
    std::filesystem::create_symlink(folder / "code", folder / "code/self");
    FileWatch watch({{folder / "code", {}}}, most);
    folder.write("elsewhere/data", "22");
    CHECK(told(watch, folder).contains("code/data"));
    folder.write("far/below/c", "22");
    CHECK(told(watch, folder).contains("code/far/below/c"));
  }
}

TEST_CASE("a place beyond the limit of watches is polled, the others are not") {
  test::TempFolder folder;
  folder.write("small/a", "1");
  for (int i = 0; i < 10; ++i) folder.write("large/" + std::to_string(i) + "/a", "1");
  FileWatch watch({{folder / "large", {}}, {folder / "small", {}}}, 4);
  REQUIRE(watch.polled().size() == 1);
  CHECK(watch.polled()[0].path() == folder / "large");
  folder.write("small/a", "22");
  folder.write("large/7/a", "22");
  CHECK(told(watch, folder) == Told{"large/7/a", "small/a"});
}

TEST_CASE("a folder that got another name goes on telling, by its new name") {
  test::TempFolder folder;
  folder.write("code/old/below/a.py", "1");
  FileWatch watch({{folder / "code", {}}});
  std::filesystem::rename(folder / "code/old", folder / "code/new");
  CHECK(told(watch, folder).contains("code/new"));
  folder.write("code/new/below/b.py", "1");
  CHECK(told(watch, folder) == Told{"code/new/below/b.py"});
}
