"""Results go from one store to another: as an archive, and with --cache-from."""

import io
import os
import shutil
import signal
import subprocess
import tarfile
import unittest

from support import MLPIPE, ScenarioTest, write_chain

ALL = ("first", "second", "third", "alone")
RIGHT = "seed\nmade\nhello\ndone\n"


class Sharing(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.ok("run")
        self.assert_ran(*ALL)
        self.archive = self.project.base / "cache.tar.zst"

    def other_checkout(self):
        """The same project at another place, without a store, as a fresh clone would be."""
        other = self.new_project("elsewhere")
        shutil.copytree(self.project.path, other.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".mlpipe", "results"))
        return other

    def exports(self, *words):
        self.ok("cache", "export", str(self.archive), *words)
        return self.archive.read_bytes()

    def reuses(self, other, *options):
        result = other.run("run", *options)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(other.trace(), [], result)
        self.assertEqual(other.read("results/copy"), RIGHT)

    def whole(self, other):
        result = other.run("doctor", "--store")
        self.assertEqual(result.code, 0, result)

    def test_a_fresh_checkout_reuses_what_was_imported(self):
        self.exports()
        other = self.other_checkout()
        first = other.run("cache", "import", str(self.archive))
        self.assertIn("imported 4 results, 4 new", first.err)
        self.assertIn("4 results, 0 new", other.run("cache", "import", str(self.archive)).err)
        self.reuses(other)
        self.whole(other)
        other.write("first/make.sh", "echo other\n")
        why = other.run("why", "first")
        self.assertIn("make.sh", why.out, "manifests came along")

    def test_a_moved_checkout_reuses(self):
        other = self.new_project("elsewhere")
        other.path.rmdir()
        shutil.move(self.project.path, other.path)
        self.reuses(other)

    def test_through_a_pipe(self):
        other = self.other_checkout()
        export = self.project.start("cache", "export", "-")
        done = subprocess.run([MLPIPE, "cache", "import", "-"], cwd=other.path, env=other.env, stdin=export.stdout.buffer, capture_output=True, text=True)
        export.communicate()
        self.assertEqual((export.returncode, done.returncode), (0, 0), done.stderr)
        self.reuses(other)

    def test_equal_content_gives_equal_archives(self):
        self.assertEqual(self.exports(), self.exports())

    def test_one_step_one_run_or_all(self):
        self.ok("run", "-p", "word=bye")
        for words, count in ((["--step", "second"], 1), ([], 4), (["--all"], 6), (["--run", "latest", "--step", "third"], 1)):
            self.assertIn(f"exported {count} result", self.ok("cache", "export", str(self.archive), *words).err)
        self.fails(2, "cache", "export", str(self.archive), "--step", "frist")
        self.fails(2, "cache", "export", str(self.archive), "--all", "--step", "first")
        self.fails(2, "cache", "export")
        self.fails(2, "cache", "stats", "file")
        self.fails(2, "cache", "improt", "file")

    def test_odd_names_and_modes_come_through(self):
        self.project.spec("""
            steps:
              odd:
                command: |
                  cd ${{outputs.o}}; echo odd >> "$TRACE"; mkdir -p empty "a b/ü"; echo x > "a b/ü/$(printf 'bad\\377name')"; echo y > tool; chmod +x tool
                outputs: {o: }
            """)
        self.ok("run")
        self.exports()
        other = self.other_checkout()
        self.assertIn("1 new", other.run("cache", "import", str(self.archive)).err)
        self.project.trace()
        result = other.run("run")
        self.assertEqual((result.code, other.trace()), (0, []), result)

    def test_an_archive_that_is_cut_off_or_flipped_never_gives_a_wrong_result(self):
        whole = self.exports()
        for at in sorted({len(whole) * part // 12 for part in range(12)} | {len(whole) - 1}):
            for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:]):
                with self.subTest(at=at, cut=len(damaged) == at):
                    self.archive.write_bytes(damaged)
                    other = self.other_checkout()
                    done = other.run("cache", "import", str(self.archive))
                    self.assertIn(done.code, (0, 9), done)
                    if len(damaged) == at:
                        self.assertEqual(done.code, 9, done)
                    result = other.run("run")
                    self.assertEqual(result.code, 0, result)
                    self.assertEqual(other.read("results/copy"), RIGHT)
                    self.assertEqual(other.temporary_files(), [])

    def test_entries_that_lead_out_of_the_store_are_refused(self):
        name = "1" * 64
        label = b'{"mlpipe cache":1,"results":0}\n'
        for entry, kind in (("../evil", tarfile.REGTYPE), ("/tmp/evil", tarfile.REGTYPE), (f"objects/{name}/../../../evil", tarfile.REGTYPE),
                            ("objects/../evil", tarfile.REGTYPE), ("locks", tarfile.REGTYPE), (f"runs/{name}/record.jsonl", tarfile.REGTYPE),
                            (f"objects/{name}/link", tarfile.SYMTYPE), (f"objects/{name}/link", tarfile.LNKTYPE), (f"objects/{name}/pipe", tarfile.FIFOTYPE),
                            (f"texts/{name}/", tarfile.DIRTYPE)):
            with self.subTest(entry=entry, kind=kind):
                with tarfile.open(self.archive, "w", format=tarfile.GNU_FORMAT) as tar:
                    for member, member_kind, data in (("mlpipe-cache.json", tarfile.REGTYPE, label), (entry, kind, b"")):
                        info = tarfile.TarInfo(member)
                        info.type, info.size, info.linkname = member_kind, len(data), "/etc/passwd" if member_kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
                        tar.addfile(info, io.BytesIO(data))
                result = self.fails(9, "cache", "import", str(self.archive))
                self.assertIn("does not belong there", result.err)
        self.assertEqual(list(self.project.base.rglob("evil")), [])
        for text in (b"", b"no archive\n" * 100):
            self.archive.write_bytes(text)
            self.fails(9, "cache", "import", str(self.archive))

    def test_an_output_that_does_not_hold_what_it_says_is_left_out(self):
        path = self.output("second.changed")
        path.write_text("somebody else's\n")
        self.exports()
        other = self.other_checkout()
        done = other.run("cache", "import", str(self.archive))
        self.assertIn("second: left out: output changed is damaged", done.err)
        self.assertEqual(other.run("run").code, 0)
        self.assertEqual(other.trace(), ["second"])
        self.assertEqual(other.read("results/copy"), RIGHT)

    def test_a_killed_import_leaves_nothing_that_counts(self):
        self.exports()
        other = self.other_checkout()
        (other.path / ".mlpipe").mkdir()
        (other.path / ".mlpipe/format").write_text("mlpipe store 1\n")
        for delay in (0.001, 0.003, 0.006, 0.010, 0.015):
            process = other.start("cache", "import", str(self.archive))
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
        self.assertEqual(other.run("cache", "import", str(self.archive)).code, 0)
        self.reuses(other)
        self.whole(other)
        self.assertEqual(other.temporary_files(), [])

    def test_a_store_of_somebody_else_is_read_and_never_written(self):
        store = self.project.path / ".mlpipe"
        before = {path: path.lstat().st_mtime_ns for path in store.rglob("*")}
        other = self.other_checkout()
        plan = other.run("plan", "--cache-from", str(self.project.path))
        self.assertEqual(plan.out.count("taken from"), 4, plan)
        self.assertFalse((other.path / ".mlpipe").exists(), "plan copies nothing")
        self.assertEqual(other.run("plan", "--exit-code", env={"MLPIPE_CACHE_FROM": f"/nowhere:{store}"}).code, 0)
        self.reuses(other, "--cache-from", "/nowhere", "--cache-from", str(store))
        self.assertEqual({path: path.lstat().st_mtime_ns for path in store.rglob("*")}, before)
        shutil.rmtree(store)
        self.reuses(other)
        self.whole(other)

    def test_a_damaged_or_newer_store_of_somebody_else_is_only_a_notice(self):
        store = self.project.path / ".mlpipe"
        self.output("second.changed").write_text("somebody else's\n")
        other = self.other_checkout()
        result = other.run("run", "--cache-from", str(store))
        self.assertEqual(result.code, 0, result)
        self.assertIn("second  note: its result is not taken from", result.err)
        self.assertEqual(other.trace(), ["second"])
        self.assertEqual(other.read("results/copy"), RIGHT)
        (store / "format").write_text("mlpipe store 999\n")
        third = self.other_checkout()
        result = third.run("run", "--cache-from", str(store))
        self.assertEqual(result.code, 0, result)
        self.assertIn("nothing is taken from", result.err)
        self.assertEqual(sorted(third.trace()), sorted(ALL))


if __name__ == "__main__":
    unittest.main()
