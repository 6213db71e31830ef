#include <doctest/doctest.h>

#include <tuple>

#include "run/python_versions.h"
#include "run/requirements.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

std::string packages(const Requirements& found) {
  std::string text;
  for (const Requirement& package : found.packages) text += package.name + "|" + package.specifier + "\n";
  return text;
}

}  // namespace

TEST_CASE("a conda file: the version of Python, conda's packages as pip names them, pip's own, and what pip does not have") {
  const test::TempFolder folder;
  Environment environment;
  environment.conda_file = folder.write("conda.yaml", R"(
name: env
channels: [conda-forge]
dependencies:
  - python=3.10.4
  - pip<=22.0.4
  - conda-forge::numpy=1.24
  - pandas >=1.5,<2
  - scipy=1.9.1=py310h1
  - cudatoolkit=11.3
  - pip:
      - scikit-learn~=1.2.2
      - azureml-dataset-runtime[pandas,fuse]
      - Typing_Extensions==4.3.0 ; python_version < "3.12"   # why
      - --extra-index-url=https://example.org/simple
      - -r more.txt
      - git+https://example.org/x.git
)");
  const auto found = read_requirements(environment);
  REQUIRE(found);
  CHECK(found->python == "3.10");
  CHECK(packages(*found) == "numpy|==1.24.*\npandas|>=1.5,<2\nscipy|==1.9.1.*\nscikit-learn|~=1.2.2\nazureml-dataset-runtime|\ntyping-extensions|==4.3.0\n");
  CHECK(found->left_out == std::vector<std::string>{"cudatoolkit=11.3"});
  CHECK(found->options == std::vector<std::string>{"--extra-index-url=https://example.org/simple", "-r " + (folder / "more.txt").string(), "git+https://example.org/x.git"});
}

TEST_CASE("requirements of pip, and what a Python lacks of them") {
  const test::TempFolder folder;
  Environment environment;
  environment.requirements = folder.write("requirements.txt", "# comment\nnumpy==1.24.3\npandas\n\nmlflow>=2\n");
  const auto found = read_requirements(environment);
  REQUIRE(found);
  PythonEnvironment python;
  python.version = "3.11";
  python.installed = {{"numpy", "1.26.0"}, {"pandas", "1.5.3"}};
  Requirements wanted = *found;
  wanted.python = "3.10";
  CHECK(missing_from(python, wanted) == std::vector<std::string>{"Python 3.10 is 3.11", "numpy==1.24.3 is 1.26.0", "mlflow>=2 is not installed"});
  wanted.python = "3";
  CHECK(missing_from(python, wanted).size() == 2);
}

TEST_CASE("conda's ways to write a version, and which of its packages are none of pip's") {
  Environment environment;
  environment.name = "conda-1";
  environment.conda_text = R"(
dependencies:
  - python>=3.8,<3.11
  - numpy 1.2
  - scipy=1.9
  - pandas 1.5.* py310
  - xgboost=1.7|1.8
  - dask[version='>=2']
  - librosa
  - gitpython
  - makefun
  - libgcc-ng=12
  - git
)";
  const auto found = read_requirements(environment);
  REQUIRE(found);
  CHECK(found->python == "");
  CHECK(found->python_range == ">=3.8,<3.11");
  CHECK(packages(*found) == "numpy|==1.2\nscipy|==1.9.*\npandas|==1.5.*\nxgboost|\ndask|\nlibrosa|\ngitpython|\nmakefun|\n");
  CHECK(found->left_out == std::vector<std::string>{"libgcc-ng=12", "git"});
  CHECK(suits(*found, "3.8"));
  CHECK_FALSE(suits(*found, "3.11"));
  PythonEnvironment python;
  python.version = "3.12";
  CHECK(missing_from(python, *found).front() == "Python >=3.8,<3.11 is 3.12");
}

TEST_CASE("a Python of a minor version suits what is asked of patches of it") {
  Requirements wanted;
  for (const auto& [range, version, good] : std::vector<std::tuple<const char*, const char*, bool>>{
           {">=3.8.5", "3.8", true}, {"<3.9.2", "3.9", true}, {">3.8", "3.8", true}, {"!=3.8.1", "3.8", true}, {"<3.9", "3.9", false}, {">=3.10", "3.9", false}}) {
    INFO(range, " ", version);
    wanted.python_range = range;
    CHECK(suits(wanted, version) == good);
  }
}

TEST_CASE("what a marker keeps from this Python is not missing from it") {
  const test::TempFolder folder;
  Environment environment;
  environment.requirements = folder.write("requirements.txt", "dataclasses[x]>=1; python_version < \"3.7\"\nwinthing; sys_platform == 'win32' and python_version >= '3'\n"
                                                              "both; os_name == 'nt' or python_version > '3.6'\npinned==1.0 \\\n  --hash=sha256:00\nlast\n");
  const auto found = read_requirements(environment);
  REQUIRE(found);
  CHECK(found->options.empty());
  PythonEnvironment python;
  python.version = "3.11";
  CHECK(missing_from(python, *found) == std::vector<std::string>{"both is not installed", "pinned==1.0 is not installed", "last is not installed"});
  python.version = "3.6";
  CHECK(missing_from(python, *found).front() == "dataclasses>=1 is not installed");
  CHECK(marker_holds("extra == 'x'", "3.11"));
}

TEST_CASE("a conda file that is none is an error with its place") {
  const test::TempFolder folder;
  Environment environment;
  for (const char* text : {"a: [", "[1, 2]", "dependencies: numpy", "", "dependencies: [{conda: x}]"}) {
    environment.conda_file = folder.write("conda.yaml", text);
    INFO(text);
    const auto found = read_requirements(environment);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find("conda.yaml") != std::string::npos);
  }
}

TEST_CASE("versions satisfy the specifiers of pip") {
  for (const auto& [version, specifier] : std::vector<std::pair<const char*, const char*>>{
           {"1.2", ""}, {"1.2.0", "==1.2"}, {"1.24.9", "==1.24.*"}, {"1.2.9", "~=1.2.2"}, {"1.9", "~=1.2"}, {"2.10", ">2.9,<3"}, {"1.0", "!=1.1"}, {"1.0", "<=1"}, {"1.0", ">=1.0.0"}}) {
    INFO(version, " ", specifier);
    CHECK(satisfies(version, specifier));
  }
  for (const auto& [version, specifier] : std::vector<std::pair<const char*, const char*>>{
           {"1.2.1", "==1.2"}, {"1.25", "==1.24.*"}, {"1.3.0", "~=1.2.2"}, {"2.0", "~=1.2"}, {"1.2.1", "~=1.2.2"}, {"3.0", ">2.9,<3"}, {"1.1", "!=1.1"}, {"1.1.5", "!=1.1.*"}}) {
    INFO(version, " ", specifier);
    CHECK_FALSE(satisfies(version, specifier));
  }
}
