#include "spec/yaml/syntax_error.h"

#include <algorithm>
#include <iterator>

namespace mlpipe::spec {
namespace {

struct Row {
  std::string_view library, message, hint;
};

// By the start of the library's message; the first that fits.
constexpr Row rows[] = {
    {"illegal map value", "a `:` cannot stand here",
     "put a text that contains `: ` in quotes; else check the indentation of this line and the one above"},
    {"illegal map key", "a key cannot stand here", "check the indentation of this line and the one above"},
    {"illegal block entry", "a list item cannot stand here", "check the indentation of this line and the one above"},
    {"end of map flow", "`{` is not closed by `}`", "items are separated by commas; put a text that contains one of { } [ ] , in quotes"},
    {"end of sequence flow", "`[` is not closed by `]`",
     "items are separated by commas; put a text that contains one of { } [ ] , in quotes"},
    {"end of map", "this does not belong to the map around it", "check its indentation, and that the line is `key: value`"},
    {"end of sequence", "this does not belong to the list around it", "check its indentation, and that the line begins with `- `"},
    {"illegal flow end", "this bracket closes nothing", "remove it, or open it before"},
    {"illegal tab", "a tab in the indentation", "indent with spaces"},
    {"unknown token", "a text cannot begin with this character", "put the text in quotes"},
    {"unknown escape", "this is not an escape that double quotes know", "write \\\\ for a backslash, or use single quotes"},
    {"bad character found while scanning hex", "\\x, \\u and \\U take 2, 4 and 8 hexadecimal digits",
     "use single quotes for a text with backslashes"},
    {"invalid unicode", "this escape is not a Unicode character", ""},
    {"the referenced anchor", "this alias has no anchor before it",
     "an anchor is `&name` in front of a value; write a text that begins with * in quotes"},
    {"alias not found", "an alias has no name", "write a text that begins with * in quotes"},
    {"anchor not found", "an anchor has no name", "write a text that begins with & in quotes"},
    {"illegal character found while scanning a", "this cannot be part of a name", "write a text that begins with * or & in quotes"},
    {"aliases can't have", "an alias stands alone, without a tag or an anchor", ""},
    {"cannot assign multiple", "a value has one anchor and one tag at most", ""},
    {"cannot assign the same", "this anchor's name is taken", ""},
    {"cannot set zero", "a block's indentation is 1 to 9", "leave the number after | or > out"},
    {"unexpected character in block", "after | or > come +, - or a digit, and nothing else on the line", "put a text that begins with | or > in quotes; else begin it on the next line"},
    {"illegal document", "a document begins inside a quoted text", "close the quotes before it"},
    {"illegal EOF", "a quoted text is not closed", "close the quotes"},
    {"YAML", "this %YAML directive is not understood", "remove it"},
    {"repeated YAML", "%YAML stands here twice", "remove one"},
    {"bad YAML version", "this %YAML directive is not understood", "remove it"},
    {"TAG", "this %TAG directive is not understood", "remove it"},
    {"tag handle", "this tag is not understood", "write a text that begins with ! in quotes"},
    {"end of verbatim tag", "this tag is not closed by >", "write a text that begins with ! in quotes"},
    {"bad file", "values are nested too deeply", ""},
};

}  // namespace

SyntaxError describe_syntax_error(std::string_view library_message) {
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return library_message.starts_with(r.library); });
  if (row == std::end(rows)) return {"this is not YAML", "check quotes, brackets and the indentation"};
  return {std::string(row->message), std::string(row->hint)};
}

}  // namespace mlpipe::spec
