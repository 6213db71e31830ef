#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

// Of v1: train.py --model PATH
Step v1_script() {
  Step step = script("train.py");
  step.outputs = {output("model", false)};
  std::get<Script>(step.action).arguments = {word("--model"), path_of_output("model")};
  return step;
}

const std::string parses = "p = ArgumentParser()\nargs, _ = p.parse_known_args()\n";

}  // namespace

TEST_CASE("a folder of v1 that the script never made") {
  const auto given = [](Case& c) {
    c.facts.outputs = {{"model", "/work/outputs/model", false}};
    c.fail("exit code 1", "FileNotFoundError: [Errno 2] No such file or directory: '/work/outputs/model/m.pt'");
  };
  proves("output-folder", v1_script(), given,
         {[](Case& c) { c.facts.outputs[0].exists = true; }, [](Case& c) { c.step().outputs[0].made = true; }, prints("FileNotFoundError: [Errno 2] No such file or directory: '/data/x'"),
          prints("FileNotFoundError: [Errno 2] No such file or directory: '/work/outputs/model2/m.pt'")});
}

TEST_CASE("before a run: a v1 script writes files into a folder that it never makes") {
  const auto writes = [](const std::string& text) { return has_source("train.py", parses + text); };
  const auto given = writes("open(os.path.join(args.model, 'm'), 'w')  # os.makedirs(path)\n");
  proves("output-folder", v1_script(), given,
         {has_source("more.py", "os.makedirs(path)\n"), [](Case& c) { c.step().outputs[0].made = true; }, [](Case& c) { c.step().outputs[0].type = DataType::file; },
          writes("model.save(args.model)\nopen(args.model + '/m', 'w')\n"), writes("SummaryWriter(args.model)\nopen(args.model + '/m', 'w')\n"),
          writes("shutil.unpack_archive('m.zip', args.model)\nframe.to_csv(args.model + '/m.csv')\n"), writes("Trainer(output_dir=args.model).train()\n"), writes("open(args.model, 'w')\n"),
          writes("open(os.path.join(args.model, 'm'))\n"), writes("open(os.path.join(args.other, 'm'), 'w')\n"), writes("open(os.path.join(options.model, 'm'), 'w')\n")});
  for (const char* text : {"open(f'{args.model}/m', mode='wb')\n", "frame.to_csv(args.model + '/m.csv', index=False)\n", "open(sys.argv[2] + '/m', 'x')\n"}) {
    Case c(v1_script());
    writes(text)(c);
    CHECK(c.says("output-folder"));
  }
}

TEST_CASE("a path relative to a worker's folder") {
  const auto given = [](Case& c) {
    c.facts.paths = {"data/", "data/labels.txt"};
    c.fail("not one of 4 items succeeded");
    c.facts.traceback = "FileNotFoundError: [Errno 2] No such file or directory: './data/labels.txt'";
  };
  proves("relative-path", entry_script(), given,
         {[](Case& c) { c.facts.paths = {"labels.txt"}; }, raises("FileNotFoundError: [Errno 2] No such file or directory: '/data/labels.txt'"), raises("KeyError: 'data/labels.txt'"),
          [](Case& c) { c.step().action = std::get<Command>(command("python x.py").action); },
          raises("Traceback (most recent call last):\n  File \"a.py\", line 1\nFileNotFoundError: [Errno 2] No such file or directory: 'data/labels.txt'\n\n"
                 "During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'x'")});
}

TEST_CASE("a step that writes into its input") {
  proves("input-written", command("sh clean.sh"), [](Case& c) { c.fail("its input raw changed while it ran, so its result is not kept", "", 0); },
         {says_error("its hash path lib changed while it ran, so its result is not kept"), says_error("its input raw, which prepare made, was changed in the store"),
          says_error("a link or a folder on the way to its input was exchanged while it ran, so its result is not kept")});
  Case c(command("sh clean.sh"));
  c.fail("its input raw changed while it ran, so its result is not kept", "", 0);
  CHECK(c.only().cause.starts_with("its input raw is not what it was"));
}

TEST_CASE("no space is left") {
  proves("no-space", command("cp a b && echo done"), [](Case& c) { c.fail("exit code 1", "cp: error writing 'b': No space left on device"); },
         {prints("there is plenty of space on this device"), prints("inotify_add_watch: No space left on device"), prints("cp: error writing 'b': No space left on device\nKeyError: 'x'"),
          prints("tail: inotify cannot be used: No space left on device"), [](Case& c) { c.step() = command("cp a b; python t.py"); }, [](Case& c) { c.miss("it does not meet `expect`: rows"); }});
  proves("no-space", script("t.py"), [](Case& c) { c.fail("exit code 1", "Traceback (most recent call last):\n  File \"t.py\"\nOSError: [Errno 28] No space left on device: '/tmp/x'\n"); },
         {prints("OSError: [Errno 28] No space left on device"), prints("OSError: [Errno 28] No space left on device: '/dev/shm/sem.x'"), prints("OSError: [Errno 28] inotify watch limit reached"),
          prints("RuntimeError: unable to write to file </torch_1>: No space left on device (28)"), [](Case& c) { c.facts.exit_code = 3; },
          prints("OSError: [Errno 28] No space left on device: '/tmp/x'\nretrying elsewhere\nValueError: bad")});
  Case own(command("x"));
  own.fail("cannot write /store/objects/x: No space left on device", "", 0);
  CHECK(own.says("no-space"));
}

TEST_CASE("no permission") {
  proves("no-permission", command("python x.py"), [](Case& c) { c.fail("exit code 1", "PermissionError: [Errno 13] Permission denied: '/data/x.csv'"); },
         {prints("git@host: Permission denied (publickey)."), prints("curl: https://x/y: Permission denied"), prints("Permission denied"),
          prints("PermissionError: [Errno 13] Permission denied: '/data/x.csv'\nWARNING read from the cache\nKeyError: 'x'"), [](Case& c) { c.facts.exit_code = 3; },
          [](Case& c) { c.miss("it does not meet `expect`: rows"); }});
  proves("no-permission", command("find / -name x"), [](Case& c) { c.fail("exit code 1", "find: '/lost+found': Permission denied"); },
         {[](Case& c) { c.step() = command("find / -name x; exit 3"); }, [](Case& c) { c.step() = command("sh run.sh"); }, [](Case& c) { c.step() = command("find / -name x | sort"); },
          prints("find: '/lost+found': Permission denied\nnothing found\n")});
  Case shell(command("./run.sh"));
  shell.fail("exit code 126", "/bin/sh: 1: ./run.sh: Permission denied", 126);
  CHECK(shell.only().cause == "./run.sh is not executable");
  Case spaces(command("cp a '/my data/x'"));
  spaces.fail("exit code 1", "cp: cannot create regular file '/my data/x': Permission denied");
  CHECK(spaces.only().cause == "this user may not do that to /my data/x");
  for (const char* two : {"PermissionError: [Errno 13] Permission denied: '/a/x' -> '/b/x'", "mv: cannot move '/a/x' to '/b/x': Permission denied"}) {
    Case either(command("mv /a/x /b/x"));
    either.fail("exit code 1", two);
    CHECK(diagnose(either.facts).empty());
  }
  Case input(command("x"));
  input.facts.inputs = {{"none", ""}, {"other", "/da"}, {"raw", "/data"}};
  input.fail("exit code 1", "PermissionError: [Errno 13] Permission denied: '/data/x.csv'");
  CHECK(input.only().cause.find("which is its input raw") != std::string::npos);
}
