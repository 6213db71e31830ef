"""What run() may return, how it may be written, and what becomes of it: rows, counts, headers, safe output."""

import unittest

from entry_scripts import EntryScripts, needs_pandas


class Returned(EntryScripts):
    def test_nothing_returned_fails_items_not_the_try(self):
        self.prepare("def run(mini_batch): return mini_batch[1:]\n", error_threshold=2)
        result = self.ok("run")
        self.assertIn("2 items failed", result.err)
        self.assertEqual(len(self.rows()), 2)

    def test_an_empty_list_is_item_failures_only(self):
        self.prepare("def run(mini_batch): return []\n", error_threshold=-1, output_action="summary_only")
        self.assertIn("4 items failed", self.ok("run").err)

    def test_more_results_than_items_are_all_written_and_none_fails(self):
        self.prepare("def run(mini_batch): return ['a', 'b', 'c']\n")
        result = self.ok("run")
        self.assertEqual(self.rows(), ["a", "b", "c"] * 2)
        self.assertIn("3 results for 2 items", result.err)

    def test_what_is_no_list_fails_the_try_and_is_named(self):
        for value, kind in {"None": "NoneType", "'text'": "str", "{'a': 1}": "dict", "{1, 2}": "set", "3": "int", "b'x'": "bytes",
                            "iter([1, 2])": "list_iterator", "object()": "object"}.items():
            with self.subTest(value=value):
                self.assertIn(f"({kind}), not a list", self.failure_of(f"def run(mini_batch): return {value}\n"))

    def test_a_generator_is_taken_with_a_warning(self):
        self.prepare("def run(mini_batch):\n    for _ in mini_batch: yield 'x'\n")
        self.assertIn("Azure ML accepts only a list, a tuple or a pandas DataFrame", self.ok("run").err)
        self.assertEqual(self.rows(), ["x"] * 4)

    def test_a_generator_that_raises_midway_writes_no_row(self):
        shown = self.failure_of("def run(mini_batch):\n    yield 'x'\n    raise ValueError('midway')\n")
        self.assertIn("ValueError: midway", shown)
        self.assertIn("score/score.py", shown)

    def test_an_element_whose_text_raises_fails_the_try(self):
        self.assertIn("ZeroDivisionError", self.failure_of("class X:\n    def __str__(self): return 1 / 0\n"
                                                           "def run(mini_batch): return [X(), X()]\n"))

    def test_texts_of_all_kinds(self):
        rows = self.rows_of("def run(mini_batch): return [float('nan'), 'é 😀 \\u2028']\n", mini_batch_size=2)
        self.assertEqual("\n".join(rows).split("\n")[0], "nan")
        self.assertEqual(self.rows_file().read_text(), "nan\né 😀 \u2028\n" * 2)

    def test_line_breaks_in_a_result_are_lines_as_in_azure(self):
        self.assertEqual(self.rows_of("def run(mini_batch): return ['a\\nb', 'c']\n"), ["a", "b", "c"] * 2)

    def test_half_a_surrogate_pair_is_named(self):
        shown = self.failure_of("def run(mini_batch): return ['\\ud800', 'x']\n")
        self.assertIn("U+D800", shown)
        self.assertIn("--append_row_safe_output", shown)

    @needs_pandas
    def test_arrays_and_series_are_taken_with_a_warning(self):
        for value, rows in {"numpy.array([1.5, 2.5])": ["1.5", "2.5"], "pandas.Series(['a', 'b'])": ["a", "b"]}.items():
            with self.subTest(value=value):
                self.prepare(f"import numpy, pandas\ndef run(mini_batch): return {value}\n", venv=True)
                self.assertIn("Azure ML accepts only", self.ok("run").err)
                self.assertEqual(self.rows(), rows * 2)

    @needs_pandas
    def test_a_data_frame_is_written_with_blanks_and_without_header(self):
        rows = self.rows_of("import pandas\ndef run(mini_batch): return pandas.DataFrame({'n': ['a b', 'c'], 'v': [1.5, None]})\n", venv=True)
        self.assertEqual(rows, ['"a b" 1.5', 'c '] * 2)

    @needs_pandas
    def test_an_empty_data_frame_is_item_failures(self):
        self.prepare("import pandas\ndef run(mini_batch): return pandas.DataFrame({'n': []})\n", venv=True, error_threshold=-1,
                     output_action="summary_only")
        self.assertIn("4 items failed", self.ok("run").err)


class Written(EntryScripts):
    """The ways to write run()."""

    expected = ["0 2", "0 2", "1 2", "1 2"]
    body = "return [f'{context.minibatch_index} {len(mini_batch)}'] * len(mini_batch)"

    def check(self, script):
        self.assertEqual(self.rows_of(script), self.expected)

    def test_the_context_comes_by_arity_whatever_its_name(self):
        self.check(f"def run(mini_batch, context): {self.body}\n")
        self.check(f"def run(a, b):\n    mini_batch, context = a, b\n    {self.body}\n")

    def test_an_object_that_can_be_called(self):
        self.check(f"class Scorer:\n    def __call__(self, mini_batch, context): {self.body}\nrun = Scorer()\n")

    def test_a_method(self):
        self.check(f"class Scorer:\n    def score(self, mini_batch, context): {self.body}\nrun = Scorer().score\n")

    def test_a_partial(self):
        self.check(f"import functools\ndef score(name, mini_batch, context): {self.body}\nrun = functools.partial(score, 'x')\n")

    def test_a_decorated_one(self):
        self.check(f"""
import functools
def logged(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper
@logged
def run(mini_batch, context): {self.body}
""")

    def test_a_decorated_one_without_a_context(self):
        rows = self.rows_of("""
import functools
def logged(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper
@logged
def run(mini_batch): return ['x'] * len(mini_batch)
""")
        self.assertEqual(rows, ["x"] * 4)

    def test_an_async_one_in_the_event_loop_of_its_init(self):
        self.check(f"""
import asyncio
async def init():
    global loop
    loop = asyncio.get_running_loop()
async def run(mini_batch, context):
    await asyncio.sleep(0)
    assert asyncio.get_running_loop() is loop
    {self.body}
async def shutdown():
    assert asyncio.get_running_loop() is loop
    print("shut down")
""")
        self.assertIn("shut down", self.log("user/stdout/local-0/process000.stdout.txt"))

    def test_all_attributes_of_the_context(self):
        rows = self.rows_of("def run(mini_batch, context):\n"
                            "    return [[context.partition_key_value, context.global_row_index_lower_bound, context.dataset]] * 2\n")
        self.assertEqual(rows[0], "[{}, 0, None]")


class Flags(EntryScripts):
    """Flags among the step's arguments that concern the script and its rows."""

    @needs_pandas
    def test_the_header_is_written_once(self):
        script = "import pandas\ndef run(mini_batch): return pandas.DataFrame({'a name': ['x', 'y'], 'v': 1})\n"
        for spelling in ("--append_row_dataframe_header, 'True'", "--append_row_dataframe_header=true"):
            with self.subTest(spelling=spelling):
                rows = self.rows_of(script, spelling, venv=True, process_count_per_node=2)
                self.assertEqual(rows, ['"a name" v', "x 1", "y 1", "x 1", "y 1"])
        self.assertEqual(self.rows_of(script, "--append_row_dataframe_header=False", venv=True)[0], "x 1")

    @needs_pandas
    def test_the_header_is_that_of_the_first_mini_batch_also_after_a_resume(self):
        script = ("import pandas\ndef run(mini_batch, context):\n"
                  "    if context.minibatch_index == 1 and not os.path.exists(os.environ['TRACE']):\n"
                  "        open(os.environ['TRACE'], 'w').close()\n        raise ValueError('once')\n"
                  "    return pandas.DataFrame({'column %d' % context.minibatch_index: ['x', 'y']})\n")
        self.prepare(script, "--append_row_dataframe_header=True", venv=True, isolate_failures="false")
        self.fails(5, "run")
        result = self.ok("run")
        self.assertIn("1 of 2 mini-batches were finished before", result.err)
        self.assertEqual(self.rows(), ['"column 0"', "x", "y", "x", "y"])

    @needs_pandas
    def test_different_columns_are_told(self):
        self.prepare("import pandas\ndef run(mini_batch, context): return pandas.DataFrame({context.minibatch_index: ['x', 'y']})\n",
                     "--append_row_dataframe_header=True", venv=True)
        self.assertIn("different columns", self.ok("run").err)
        self.assertEqual(self.rows()[0], "0")

    def test_safe_output_makes_each_result_one_line(self):
        self.prepare("def run(mini_batch): return ['a\\nb\\r\\u2028c\\\\n', '{\"json\": \"x\\\\ny\"} \\ud800 é']\n",
                     "--append_row_safe_output, 'true'")
        self.ok("run")
        self.assertEqual(self.rows_file().read_text(), ("a\\nb\\r\\u2028c\\n\n" + '{"json": "x\\ny"} \\ud800 é\n') * 2)

    @needs_pandas
    def test_safe_output_of_a_data_frame(self):
        rows = self.rows_of("import pandas\ndef run(mini_batch): return pandas.DataFrame({'a': ['x\\ny', 'z'], 'b': [1, 2]})\n",
                            "--append_row_safe_output=True", venv=True)
        self.assertEqual(rows, ["x\\ny 1", "z 2"] * 2)
        rows = self.rows_of("import pandas, pathlib\ndef run(mini_batch): return pandas.DataFrame({'a': [pathlib.Path('x\\ny'), None], 'b': [1, 2]})\n",
                            "--append_row_safe_output=True", venv=True)
        self.assertEqual(rows, ["x\\ny 1", " 2"] * 2)

    def test_a_profile_for_each_process(self):
        for module in ("cProfile", "profile"):
            with self.subTest(module=module):
                self.prepare(f"def work(): return [1, 2]\ndef run(mini_batch): return work()\n# {module}\n", f"--profiling_module, {module}",
                             process_count_per_node=1)
                self.ok("run")
                import pstats
                stats = pstats.Stats(str(self.logs() / "sys/node/local-0/process000.profile"))
                calls = {key[2]: value[0] for key, value in stats.stats.items()}
                self.assertEqual((calls["work"], calls["run"]), (2, 2))

    def test_nice(self):
        rows = self.rows_of("def run(mini_batch): return [os.nice(0)] * 2\n", "--nice, '7'")
        self.assertEqual(rows[0], str(7 + own_niceness()))

    def test_flags_stay_in_argv_and_logging_level_counts(self):
        rows = self.rows_of("import logging\nlogging.info('not shown')\nlogging.warning('shown')\n"
                            "def run(mini_batch): return [sys.argv.count('--nice=0'), sys.argv[-3]]\n", "--mine, x, --nice=0, --logging_level, WARNING")
        self.assertEqual(rows[0], "1")
        printed = self.log("user/stdout/local-0/process000.stdout.txt")
        self.assertNotIn("not shown", printed)
        self.assertIn("|WARNING|", printed)

    def test_a_bad_value_is_found_by_validate_at_its_place_and_at_the_start_where_it_comes_from_an_expression(self):
        self.prepare("def run(mini_batch): return [1, 2]\n", "--nice, '30'")
        shown = self.fails(3, "validate").err
        self.assertRegex(shown, r"pipeline.yaml:\d+:25: error: `--nice` must be a whole number from -20 to 19, got `30`")
        self.prepare("def run(mini_batch): return [1, 2]\n", '--nice, "${{side_inputs.model}}"')
        self.ok("validate")
        self.assertIn("`--nice` must be a whole number", self.fails(1, "run").err)

    def test_flags_override_the_configuration(self):
        self.prepare("def run(mini_batch): raise ValueError(sys.argv.count('--run_max_try'))\n", "--run_max_try, '2'")
        result = self.fails(5, "run")
        self.assertIn("try 2 of 2", result.err)
        self.assertIn("`--run_max_try` is reserved", result.err)


def own_niceness():
    import os
    return os.nice(0)


if __name__ == "__main__":
    unittest.main()
