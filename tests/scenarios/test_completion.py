"""Completion of command lines, in the shells themselves, and the manual."""

import os
import shutil
import subprocess
import unittest

from screen import Screen
from support import MLPIPE, SOURCE, ScenarioTest, write_chain

# Prints the candidates for the line in $1.
BASH = """
source <("$MLPIPE" completion bash)
COMP_LINE=$1 COMP_POINT=${#1}
compopt() { echo "compopt $*"; }
_mlpipe
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = "\"$MLPIPE\" completion fish | source; complete -C \"$LINE\""


class Completion(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        bin_folder = self.project.base / "bin"
        bin_folder.mkdir()
        (bin_folder / "mlpipe").symlink_to(MLPIPE)
        self.project.env |= {"PATH": f"{bin_folder}:{os.environ['PATH']}", "MLPIPE": MLPIPE}

    def shell(self, *words, env=None):
        done = subprocess.run(words, cwd=self.project.path, env=self.project.env | (env or {}), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def bash(self, line):
        return self.shell("bash", "-c", BASH, "bash", line)

    def test_bash_commands_and_options(self):
        self.assertEqual(self.bash("mlpipe pl"), ["plan"])
        self.assertIn("--force-step", self.bash("mlpipe run --force"))
        self.assertEqual(self.bash("mlpipe help completi"), ["completion"])
        self.assertEqual(self.bash("mlpipe completion z"), ["zsh"])
        self.assertNotIn("man", self.bash("mlpipe "))

    def test_bash_steps_outputs_parameters_and_inputs(self):
        self.assertEqual(self.bash("mlpipe run --step s"), ["second"])
        self.assertEqual(self.bash("mlpipe run --step "), ["first", "second", "third", "alone"])
        self.assertEqual(self.bash("mlpipe logs th"), ["third"])
        self.assertEqual(self.bash("mlpipe output second."), ["second.changed"])
        self.assertEqual(self.bash("mlpipe run -p "), ["compopt -o nospace", "word="])
        self.assertEqual(self.bash("mlpipe run --input "), ["compopt -o nospace", "compopt -o default -o bashdefault", "seed="])
        self.assertEqual(self.bash("mlpipe run --step=al"), ["alone"])

    def test_bash_runs(self):
        self.ok("run")
        run = self.ok("runs", "--json").json()["runs"][0]["id"]
        self.assertEqual(self.bash("mlpipe show "), ["latest", run])
        self.assertEqual(self.bash("mlpipe diff 2"), [run])

    def test_another_spec(self):
        other = self.project.write("else/other.yaml", "steps: {elsewhere: {command: echo}}\n")
        self.assertEqual(self.bash(f"mlpipe run {other} --step "), ["elsewhere"])
        self.assertEqual(self.bash("mlpipe run -f else/other.yaml --step "), ["elsewhere"])

    def test_a_spec_with_mistakes_offers_the_steps_of_the_last_run(self):
        self.ok("run")
        self.project.spec("steps: {first: {comand: echo}}\n")
        self.assertEqual(sorted(self.bash("mlpipe run --step ")), ["alone", "first", "second", "third"])

    def test_nothing_to_offer_is_no_mistake(self):
        for line in ("mlpipe nonsense ", "mlpipe run --step", "mlpipe show 9", "mlpipe output x.", "mlpipe runs extra "):
            with self.subTest(line=line):
                self.assertEqual([word for word in self.bash(line) if word and not word.startswith("--step")], [])
        (self.project.path / "pipeline.yaml").unlink()
        self.assertEqual(self.bash("mlpipe run --step "), [""])

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        offered = [line.split("\t")[0] for line in self.shell("fish", "--no-config", "-c", FISH, env={"LINE": "mlpipe run --step "})]
        self.assertEqual(sorted(offered), ["alone", "first", "second", "third"])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        screen = Screen(self.project, ["zsh", "-f", "-i"], columns=120)
        self.addCleanup(screen.close)
        screen.type('PROMPT="ready> "; autoload -Uz compinit; compinit -u -D; source <(mlpipe completion zsh); clear\n')
        screen.wait_for("^ready> $|^ready>$")
        screen.type("mlpipe run --step \t")
        for step in ("alone", "first", "second", "third"):
            screen.wait_for(rf"^(\S+ +)*{step}\b")
        screen.type("sec\t-p \t")
        screen.wait_for(r"^ready> mlpipe run --step second -p word=$")
        screen.type("\x15exit\n")
        screen.end()

    def test_an_unknown_shell(self):
        self.assertIn("one of: bash, zsh, fish", self.fails(2, "completion", "tcsh").err)


class Manual(ScenarioTest):
    def test_every_command_is_in_it(self):
        page = self.ok("man").out
        for line in self.ok("help").out.splitlines():
            if line.startswith("  "):
                self.assertIn(f"mlpipe {line.split()[0]}".replace("-", "\\-"), page)

    @unittest.skipUnless(shutil.which("man") and shutil.which("groff"), "man-db and groff are not installed")
    def test_man_has_no_warnings(self):
        page = self.project.write("mlpipe.1", self.ok("man").out)
        done = subprocess.run(["man", "--warnings=all", "-l", str(page)], env=os.environ | {"MANWIDTH": "100", "LC_ALL": "C.UTF-8", "PAGER": "cat"},
                              capture_output=True, text=True, timeout=60)
        of_the_page = [line for line in done.stderr.splitlines() if "/tmac/" not in line]  # others: of groff's own files
        self.assertEqual((done.returncode, of_the_page), (0, []))
        self.assertIn("EXIT STATUS", done.stdout)

    def test_the_page_of_commands_is_up_to_date(self):
        self.assertEqual((SOURCE / "docs/commands.md").read_text(), self.ok("man", "--markdown").out, "scripts/docs writes it")


if __name__ == "__main__":
    unittest.main()
