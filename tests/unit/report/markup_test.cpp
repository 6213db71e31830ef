#include "report/markup.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("xml: what is no character of it is replaced, what would end a text or an attribute is escaped") {
  CHECK(xml_escaped("a <b> & \"c\" 'd'\n\te") == "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;\n\te");
  CHECK(xml_escaped(std::string_view("\0\x1b\r\x7f", 4)) == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(xml_escaped("\xEF\xBF\xBE|\xEF\xBF\xBF|\xEF\xBF\xBD") == "\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD");
  CHECK(xml_escaped("\xff\xc3(") == "\xEF\xBF\xBD\xEF\xBF\xBD(");
}
