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

bool has_frames(const std::string& line) { return line.find("Error: [Errno ") != line.npos; }

const std::string parses = "p = ArgumentParser()\nargs, _ = p.parse_known_args()\n";

}  // namespace

TEST_CASE("a folder of v1 that the script never made") {
  const auto given = [](Case& c) {
    c.facts.outputs = {{"model", "/work/outputs/model", false}};
    c.fail("exit code 1", "FileNotFoundError: [Errno 2] No such file or directory: '/work/outputs/model/m.pt'");
  };
  proves("output-folder", v1_script(), given,
         {[](Case& c) { c.facts.outputs[0].exists = true; }, [](Case& c) { c.step().outputs[0].made = true; }, prints("FileNotFoundError: [Errno 2] No such file or directory: '/data/x'"),
          prints("FileNotFoundError: [Errno 2] No such file or directory: '/work/outputs/model2/m.pt'"), prints("['train.py', '--model', '/work/outputs/model']\nValueError: no good at '/work/outputs/model'")});
}

TEST_CASE("a folder below an output that nobody made") {
  const auto given = [](Case& c) {
    c.facts.outputs = {{"clean", "/work/outputs/clean", true}};
    c.facts.sought = Facts::Sought{"/work/outputs/clean/cleaned/a.txt", "/work/outputs/clean/cleaned", ""};
    c.fail("exit code 1", raised("FileNotFoundError: [Errno 2] No such file or directory: '/work/outputs/clean/cleaned/a.txt'"));
  };
  proves("output-folder", command("python clean.py"), given,
         {[](Case& c) { c.facts.sought->missing_folder.clear(); }, [](Case& c) { c.facts.sought->missing_folder = "/work/outputs/cleaner/x"; }, [](Case& c) { c.facts.sought->missing_folder = "/data/x"; },
          [](Case& c) { c.facts.sought.reset(); }});
  Case c(command("python clean.py"));
  given(c);
  CHECK(c.only().cause == "it looks for a.txt in its output clean, where nobody made the folder cleaned");
  CHECK(c.only().hint == "before it writes: os.makedirs(os.path.dirname(path), exist_ok=True)");
}

TEST_CASE("a file of the project that is sought from where the step does not run") {
  const auto given = [](Case& c) {
    c.fail("init() failed: FileNotFoundError");
    c.facts.traceback = raised("FileNotFoundError: [Errno 2] No such file or directory: '../model/weights.txt'");
    c.facts.sought = Facts::Sought{"../model/weights.txt", "", "model/weights.txt"};
  };
  proves("relative-path", entry_script(), given,
         {[](Case& c) { c.facts.sought->in_project.clear(); }, [](Case& c) { c.facts.sought.reset(); },
          raises("Traceback (most recent call last):\n  File \"t.py\", line 1, in <module>\n    subprocess.run(['../model'])\n  File \"subprocess.py\", line 1955, in _execute_child\n    raise child_exception_type(errno_num)\nFileNotFoundError: [Errno 2] No such file or directory: '../model'"),
          raises("Traceback (most recent call last):\n  File \"t.py\", line 1, in <module>\n    open('../model/weights.txt', 'w')\nFileNotFoundError: [Errno 2] No such file or directory: '../model/weights.txt'")});
  Case c(entry_script());
  given(c);
  CHECK(c.only().hint == "declare it as a side input: `inputs: {weights: model/weights.txt}` of the pipeline, `side_inputs: {weights: \"${{pipeline.inputs.weights}}\"}` of the step, and ${{side_inputs.weights}} among the script's arguments");
  c.pipeline.dialect = Dialect::v1;
  CHECK(c.only().hint == "declare it as a side input of the step, and give the script its path as an argument");
}

TEST_CASE("an input that another step left empty") {
  const auto given = [](Case& c) {
    StepInput input;
    input.name = "data";
    input.from = StepInput::From::step_output;
    input.step = "clean";
    c.step().inputs = {input};
    c.fail("input `data` has no files: /store/objects/x", "", 0);
  };
  proves("empty-input", entry_script(), given,
         {[](Case& c) { c.step().inputs[0].from = StepInput::From::pipeline_input; }, says_error("input `other` has no files: /x"), says_error("ValueError: input `data` has no files: /x"),
          [](Case& c) { c.step().action = std::get<Command>(command("python x.py").action); }});
  Case c(entry_script());
  given(c);
  CHECK(c.only().cause == "step clean made its input data and left it without files, though it ended well");
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
  proves("no-space", script("t.py"), [](Case& c) { c.fail("exit code 1", raised("OSError: [Errno 28] No space left on device: '/tmp/x'")); },
         {prints(raised("OSError: [Errno 28] No space left on device")), prints(raised("OSError: [Errno 28] No space left on device: '/dev/shm/sem.x'")), prints(raised("OSError: [Errno 28] inotify watch limit reached")),
          prints(raised("RuntimeError: unable to write to file </torch_1>: No space left on device (28)")), [](Case& c) { c.facts.exit_code = 3; }, prints("OSError: [Errno 28] No space left on device: '/tmp/x'"),
          prints("UserWarning: [Errno 28] No space left on device: '/tmp/x'\n" + raised("ValueError: bad")),
          prints("OSError: [Errno 28] No space left on device: '/tmp/x'\nretrying elsewhere\nValueError: bad")});
  proves("no-space", command("sh report.sh"), [](Case& c) { c.fail("cannot write /store/x: No space left on device", "", 0); },
         {[](Case& c) { c.fail("exit code 9", "disk report: /x: No space left on device (yesterday)", 9); }, says_error("it said: no space left"),
          [](Case& c) { c.fail("exit code 9", "disk: No space left on device", 9); c.step() = command("echo 'disk: No space left on device' >&2; exit 9"); }});
  const auto bare = [](Case& c) {
    c.fail("exit code 1", raised("OSError: [Errno 28] No space left on device"));
    c.facts.disks = {{"/tmp", 1ull << 40, 2ull << 40, 10, 20}, {"/work", 4096, 8 << 20, 10, 20}};
  };
  proves("no-space", script("t.py"), bare,
         {[](Case& c) { c.facts.disks.pop_back(); }, [](Case& c) { c.facts.disks[1].free = 2 << 20; }, prints(raised("OSError: [Errno 28] inotify watch limit reached")),
          prints("OSError: [Errno 28] No space left on device\n" + raised("ValueError: bad")), prints(raised("OSError: [Errno 28] No space left on device: '/dev/shm/sem.x'"))});
  Case room(script("t.py"));
  bare(room);
  CHECK(room.only().cause == "a disk was full: the one of /work has 4.0 KB free");
  room.facts.disks = {{"/work", 1ull << 40, 2ull << 40, 0, 1000}};
  CHECK(room.only().cause == "a disk was full: the one of /work has 0 of its 1000 files free");
  Case own(command("x"));
  own.fail("cannot write /store/objects/x: No space left on device", "", 0);
  CHECK(own.says("no-space"));
}

TEST_CASE("no permission") {
  proves("no-permission", command("python x.py"), [](Case& c) { c.fail("exit code 1", raised("PermissionError: [Errno 13] Permission denied: '/data/x.csv'")); },
         {prints("PermissionError: [Errno 13] Permission denied: '/data/x.csv'"), prints("git@host: Permission denied (publickey)."), prints("curl: https://x/y: Permission denied"), prints("Permission denied"),
          prints("PermissionError: [Errno 13] Permission denied: '/data/x.csv'\nWARNING read from the cache\nKeyError: 'x'"), [](Case& c) { c.facts.exit_code = 3; },
          [](Case& c) { c.miss("it does not meet `expect`: rows"); }});
  proves("no-permission", command("find / -name x"), [](Case& c) { c.fail("exit code 1", "find: '/lost+found': Permission denied"); },
         {[](Case& c) { c.step() = command("find / -name x; exit 3"); }, [](Case& c) { c.step() = command("sh run.sh"); }, [](Case& c) { c.step() = command("find / -name x | sort"); },
          prints("find: '/lost+found': Permission denied\nnothing found\n")});
  proves("no-permission", command("cp b /backup/x"), [](Case& c) { c.fail("exit code 1", "cp: cannot create regular file '/backup/x': Permission denied"); },
         {[](Case& c) { c.fail("exit code 1", "scp: /backup/x: Permission denied"); c.step() = command("scp b host:/backup/x"); },
          [](Case& c) { c.fail("exit code 1", "bash: line 1: /backup/x: Permission denied"); c.step() = command("ssh host 'echo > /backup/x'"); },
          [](Case& c) { c.step() = command("cp b /backup/x || true; exit 3"); }});
  proves("no-permission", command("./run.sh"), [](Case& c) { c.fail("exit code 126", "/bin/sh: 1: ./run.sh: Permission denied", 126); },
         {prints("cat: /etc/shadow: Permission denied"), prints("/bin/sh: 1: ./other.sh: Permission denied"), [](Case& c) { c.step() = command("sh run.sh"); }});
  Case shell(command("./run.sh"));
  shell.fail("exit code 126", "/bin/sh: 1: ./run.sh: Permission denied", 126);
  CHECK(shell.only().cause == "./run.sh is not executable");
  Case spaces(command("cp a '/my data/x'"));
  spaces.fail("exit code 1", "cp: cannot create regular file '/my data/x': Permission denied");
  CHECK(spaces.only().cause == "this user may not do that to /my data/x");
  for (const char* two : {"PermissionError: [Errno 13] Permission denied: '/a/x' -> '/b/x'", "mv: cannot move '/a/x' to '/b/x': Permission denied"}) {
    Case either(command("mv /a/x /b/x"));
    either.fail("exit code 1", has_frames(two) ? raised(two) : two);
    CHECK(diagnose(either.facts).empty());
  }
  Case input(command("cat x"));
  input.facts.inputs = {{"none", ""}, {"other", "/da"}, {"raw", "/data"}};
  input.fail("exit code 1", raised("PermissionError: [Errno 13] Permission denied: '/data/x.csv'"));
  CHECK(input.only().cause.find("which is its input raw") != std::string::npos);
}
