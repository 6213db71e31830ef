#include "run/bindings.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

Template text(std::vector<std::variant<std::string, Reference>> parts) { return {std::move(parts), "", {}}; }
Reference reference(RefKind kind, const std::string& name) { return {kind, name, "", {}}; }

}  // namespace

TEST_CASE("references are replaced, quoted for the shell where a shell reads them") {
  Bindings bindings;
  bindings.inputs["scans"] = "/data/my scans";
  bindings.parameters["greeting"] = "it's";
  bindings.run_id = "7";
  const Template command = text({"cat ", reference(RefKind::input, "scans"), std::string("/x; echo "), reference(RefKind::parameter, "greeting"),
                                 std::string(" "), reference(RefKind::run_id, "")});
  CHECK(resolve(command, bindings, Quoting::shell) == "cat '/data/my scans'/x; echo 'it'\\''s' 7");
  CHECK(resolve(command, bindings, Quoting::none) == "cat /data/my scans/x; echo it's 7");
}

TEST_CASE("the symbolic form names what is referred to, never a value or a path") {
  const Template command = text({"--data ", reference(RefKind::side_input, "model"), std::string(" --out "), reference(RefKind::output, "o")});
  CHECK(symbolic(command) == "--data ${{side_inputs.model}} --out ${{outputs.o}}");
}

TEST_CASE("in Azure's commands values go in as they are, and paths are quoted as their place asks") {
  Bindings bindings;
  bindings.inputs["flags"] = "--a 1 --b";
  bindings.values.insert("flags");
  bindings.inputs["data"] = "/my data";
  const Template command = text({"run ", reference(RefKind::input, "flags"), std::string(" "), reference(RefKind::input, "data"), std::string(" \""),
                                 reference(RefKind::input, "data"), std::string("/x\"")});
  CHECK(resolve(command, bindings, Quoting::azure) == "run --a 1 --b '/my data' \"/my data/x\"");
}
