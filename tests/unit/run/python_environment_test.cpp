#include "run/python_environment.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"

using namespace mlpipe;

TEST_CASE("a virtual environment is read from its files alone") {
  const test::TempFolder folder;
  folder.write("venv/pyvenv.cfg", "home = /nowhere\nversion = 3.11.7\ninclude-system-site-packages = false\n");
  folder.write("venv/bin/python3", "not even a program");
  folder.write("venv/lib/python3.11/site-packages/scikit_learn-1.5.0.dist-info/METADATA", "");
  folder.write("venv/lib/python3.11/site-packages/Pillow-12.0.0.dist-info/METADATA", "");
  folder.write("venv/lib/python3.11/site-packages/old_one-0.9-py3.11.egg-info/PKG-INFO", "");
  Environment declared;
  declared.python = (folder / "venv").string();
  const auto python = inspect_python(declared);
  REQUIRE(python);
  CHECK(python->version == "3.11");
  CHECK(python->root == folder / "venv");
  CHECK(python->installed == std::map<std::string, std::string>{{"old-one", "0.9"}, {"pillow", "12.0.0"}, {"scikit-learn", "1.5.0"}});
}

TEST_CASE("a declared interpreter that is not there is an error that names it") {
  Environment declared;
  declared.python = "/nowhere/venv";
  const auto python = inspect_python(declared);
  REQUIRE_FALSE(python);
  CHECK(python.error().message.find("/nowhere/venv") != std::string::npos);
}

TEST_CASE("declared packages are found in requirements and conda files") {
  const test::TempFolder folder;
  Environment declared;
  declared.requirements = folder.write("requirements.txt", "# tools\nnumpy>=1.2 ; python_version > '3'\n-r other.txt\nPillow==12.0\nscikit_learn[all]~=1.0\n");
  declared.conda_file = folder.write("conda.yml", "name: e\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pip:\n    - mlflow==2.9.2\n  - pandas\n");
  CHECK(declared_packages(declared) == std::vector<std::string>{"mlflow", "numpy", "pandas", "pillow", "scikit-learn"});
}

TEST_CASE("requirement files that others name count, each once") {
  const test::TempFolder folder;
  Environment declared;
  declared.requirements = folder.write("requirements.txt", "-r deep/base.txt\n-c limits.txt # why\n-r missing.txt\n-r https://host/x.txt\nnumpy\n");
  folder.write("deep/base.txt", "pandas\n-r ../requirements.txt\n");
  folder.write("limits.txt", "six==1.0\n");
  const auto files = environment_files(declared);
  REQUIRE(files.size() == 3);
  CHECK(files[1] == std::pair<std::string, Path>("deep/base.txt", folder / "deep/base.txt"));
  CHECK(files[2].second == folder / "limits.txt");
  CHECK(declared_packages(declared) == std::vector<std::string>{"numpy", "pandas", "six"});
}

TEST_CASE("package names are normalised as the index does it") {
  CHECK(normalised_package("Foo__Bar.baz-QUX") == "foo-bar-baz-qux");
}
