"""`mlpipe graph`: the steps of a pipeline as a tree, as Mermaid, for Graphviz, as SVG."""

import xml.etree.ElementTree as ElementTree

from support import ScenarioTest, write_chain


class Graph(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)

    def test_a_tree_for_the_eye(self):
        self.assertEqual(self.ok("graph").out, "chain: 4 steps\nfirst  command\n└─ second  command\n   └─ third  command\nalone  command\n")

    def test_mermaid_and_dot_name_every_step_and_edge(self):
        mermaid, dot = self.ok("graph", "--mermaid").out.splitlines(), self.ok("graph", "--dot").out.splitlines()
        self.assertEqual(mermaid[0], "flowchart LR")
        self.assertIn('  s1["second<br/><small>command</small>"]', mermaid)
        self.assertEqual([line.strip() for line in mermaid if "-->" in line], ["s0 --> s1", "s1 --> s2"])
        self.assertIn('digraph "chain" {', dot)
        self.assertEqual([line.strip() for line in dot if "->" in line], ["s0 -> s1", "s1 -> s2"])

    def test_svg_is_xml_with_every_name(self):
        picture = ElementTree.fromstring(self.ok("graph", "--svg").out)
        texts = {node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")}
        self.assertLessEqual({"first", "second", "third", "alone"}, texts)

    def test_what_a_spec_has_wrong_is_told_as_everywhere(self):
        self.project.spec("steps: {a: {command: true, inputs: {x: '${{steps.b.outputs.y}}'}}}\n")
        self.assertIn("pipeline.yaml:1:", self.fails(3, "graph").err)

    def test_one_picture_at_a_time(self):
        self.assertIn("one picture at a time", self.fails(2, "graph", "--dot", "--svg").err)
