"""What only Azure's pipelines ask of a run: processes that know their rank, what a step leaves in ./outputs, a step that comes last,
data from the web, outputs of the pipeline as a whole."""

import functools
import http.server
import json
import threading
import unittest

from support import ScenarioTest

HEAD = "$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\ntype: pipeline\nsettings: {default_compute: azureml:cpu}\n"
ENVIRONMENT = "    environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest\n"


class AzureRun(ScenarioTest):
    def spec(self, text):
        self.project.spec(HEAD + text)

    def test_processes_of_a_distributed_command_know_their_rank(self):
        self.spec("jobs:\n  train:\n    command: echo $RANK-of-$WORLD_SIZE-at-$MASTER_ADDR >> $TRACE\n" + ENVIRONMENT +
                  "    distribution: {type: pytorch, process_count_per_instance: 2}\n    resources: {instance_count: 2}\n")
        self.ok("run")
        self.assert_ran(*(f"{rank}-of-4-at-127.0.0.1" for rank in range(4)))

    def test_another_distribution_is_another_step(self):
        text = "jobs:\n  train:\n    command: echo $WORLD_SIZE >> $TRACE\n" + ENVIRONMENT + "    distribution: {type: pytorch, process_count_per_instance: 1}\n"
        self.spec(text)
        self.ok("run")
        self.assert_ran("1")
        self.spec(text.replace("instance: 1", "instance: 2"))
        self.ok("run")
        self.assert_ran("2", "2")

    def test_instances_without_a_distribution_are_counted(self):
        self.spec("jobs:\n  train:\n    command: echo $AZUREML_NODE_COUNT >> $TRACE\n" + ENVIRONMENT + "    resources: {instance_count: 2}\n")
        self.ok("run")
        self.assert_ran("2")

    def test_the_name_of_a_file_counts(self):
        self.project.write("a.csv", "x\n")
        self.project.write("b.csv", "x\n")
        self.spec("inputs:\n  d: {type: uri_file, path: a.csv}\njobs:\n  s:\n    command: basename ${{inputs.d}} >> $TRACE\n" + ENVIRONMENT + "    inputs: {d: '${{parent.inputs.d}}'}\n")
        self.ok("run")
        self.assert_ran("a.csv")
        self.ok("run", "--input", "d=b.csv")
        self.assert_ran("b.csv")

    def test_the_cause_is_that_of_the_rank_that_failed_first(self):
        self.spec("jobs:\n  train:\n    command: |\n      # don't panic\n      if [ $RANK = 1 ]; then echo the cause >&2; exit 3; fi\n"
                  "      trap 'for i in $(seq 40); do echo noise >&2; done; exit 1' TERM; sleep 60 & wait\n" + ENVIRONMENT +
                  "    distribution: {type: pytorch, process_count_per_instance: 2}\n")
        self.assertIn("  | the cause", self.fails(1, "run", timeout=30).err)

    def test_what_a_failed_step_left_in_outputs_is_kept(self):
        self.spec("jobs:\n  t:\n    command: echo precious > outputs/checkpoint; exit 1\n" + ENVIRONMENT)
        self.fails(1, "run")
        kept, = self.project.path.glob(".mlpipe/runs/*/steps/t/failed-outputs/artifacts/outputs/checkpoint")
        self.assertEqual(kept.read_text(), "precious\n")

    def test_declared_artifacts_can_be_written_to(self):
        self.spec("jobs:\n  t:\n    command: echo x > ${{outputs.artifacts}}/x; echo y > outputs/y\n" + ENVIRONMENT + "    outputs: {artifacts: {type: uri_folder}}\n")
        self.ok("run")
        self.assertEqual((self.output("t.artifacts") / "x").read_text(), "x\n")

    def test_one_rank_that_fails_stops_the_others(self):
        self.spec("jobs:\n  train:\n    command: if [ $RANK = 1 ]; then echo the cause >&2; exit 3; fi; sleep 60\n" + ENVIRONMENT +
                  "    distribution: {type: pytorch, process_count_per_instance: 3}\n")
        failed = self.fails(1, "run", timeout=30)
        self.assertIn("exit code 3", failed.err)
        self.assertIn("the cause", failed.err)
        self.assert_nothing_left()

    def test_what_a_step_leaves_in_outputs_is_its_artifacts(self):
        self.spec("jobs:\n  hello:\n    command: echo hello > ./outputs/world.txt\n" + ENVIRONMENT +
                  "  read:\n    command: cat ${{inputs.i}}/outputs/world.txt >> $TRACE\n" + ENVIRONMENT +
                  "    inputs:\n      i: ${{parent.jobs.hello.outputs.artifacts}}\n")
        self.ok("run")
        self.assert_ran("hello")
        self.assertNotIn("wrote into its source", self.ok("run").err)
        self.assert_ran()

    def test_the_last_step_runs_though_another_fails(self):
        self.spec("settings: {default_compute: azureml:cpu, on_finalize: clean, on_init: first}\n".join(["", ""]) +
                  "jobs:\n  clean:\n    command: echo clean >> $TRACE\n" + ENVIRONMENT +
                  "  fails:\n    command: echo fails >> $TRACE; exit 1\n" + ENVIRONMENT +
                  "  first:\n    command: echo first >> $TRACE\n" + ENVIRONMENT)
        self.project.spec(self.project.read("pipeline.yaml").replace("settings: {default_compute: azureml:cpu}\n", "", 1))
        self.fails(1, "run")
        self.assertEqual(self.project.trace(), ["first", "fails", "clean"])

    def test_values_go_into_commands_as_they_are_and_paths_as_one_word(self):
        self.project.write("my data/f", "text\n")
        self.spec("inputs:\n  d: {type: uri_folder, path: my data}\n  flags: -n -A\njobs:\n  s:\n    command: cat ${{inputs.flags}} ${{inputs.d}}/f \"${{inputs.d}}/f\" >> $TRACE\n" + ENVIRONMENT +
                  "    inputs:\n      d: ${{parent.inputs.d}}\n      flags: ${{parent.inputs.flags}}\n")
        self.ok("run")
        self.assertEqual(self.project.trace(), ["1", "text$", "2", "text$"])

    def test_data_from_the_web(self):
        self.project.write("served/rows.csv", "a,b\n1,2\n")
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(self.project.path / "served"))
        handler.log_message = lambda *_: None
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.spec(f"inputs:\n  d: {{type: uri_file, path: http://127.0.0.1:{server.server_port}/rows.csv}}\njobs:\n  s:\n    command: cat ${{{{inputs.d}}}} >> $TRACE\n" + ENVIRONMENT +
                  "    inputs:\n      d: ${{parent.inputs.d}}\n")
        self.assertIn("--allow-download", self.fails(3, "run").err)
        self.ok("run", "--allow-download")
        self.assert_ran("a,b", "1,2")
        server.shutdown()
        self.ok("run", "--allow-download")
        self.assert_ran()
        self.assertEqual([path.name for path in self.project.path.glob(".mlpipe/downloads/*/*")], ["rows.csv"])

    def test_outputs_of_the_pipeline_and_of_a_datastore(self):
        self.spec("outputs:\n  all: {type: uri_folder}\n  copy: {type: uri_file, path: 'azureml://datastores/workspaceblobstore/paths/made/here.txt'}\n"
                  "jobs:\n  s:\n    command: echo 1 > ${{outputs.o}}/f; echo 2 > ${{outputs.c}}\n" + ENVIRONMENT +
                  "    outputs:\n      o: ${{parent.outputs.all}}\n      c: ${{parent.outputs.copy}}\n")
        err = self.ok("run").err
        self.assertIn("output all: ", err)
        self.assertEqual((self.output("all") / "f").read_text(), "1\n")
        self.assertEqual((self.project.path / ".mlpipe/datastores/workspaceblobstore/made/here.txt").read_text(), "2\n")


if __name__ == "__main__":
    unittest.main()
