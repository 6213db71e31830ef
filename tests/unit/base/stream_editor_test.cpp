#include "base/stream_editor.h"

#include <doctest/doctest.h>

using namespace mlpipe;
using Replacements = std::vector<StreamEditor::Replacement>;

TEST_CASE("a needle is replaced wherever the pieces are cut") {
  const std::string text = "the key hunter2 and hunter again hunter2";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    StreamEditor editor(Replacements{{"hunter2", "***"}});
    std::string out = editor.feed(text.substr(0, cut));
    out += editor.feed(text.substr(cut));
    out += editor.flush();
    CHECK(out == "the key *** and hunter again ***");
  }
}

TEST_CASE("a needle never shows, not even its beginning before the rest has come") {
  StreamEditor editor(Replacements{{"secret", "***"}});
  CHECK(editor.feed("a sec") == "a ");
  CHECK(editor.feed("ret!") == "***!");
}

TEST_CASE("the longer of two needles wins, also when only its beginning is there yet") {
  StreamEditor editor(Replacements{{"ab", "1"}, {"abcd", "2"}});
  CHECK(editor.feed("ab") == "");
  CHECK(editor.feed("cd") == "2");
  std::string whole = editor.feed("abx");
  whole += editor.flush();
  CHECK(whole == "1x");
}

TEST_CASE("without needles, text passes at once") {
  StreamEditor editor(Replacements{{"", "x"}});
  CHECK(editor.feed("progress\r") == "progress\r");
}
