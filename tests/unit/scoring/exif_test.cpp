#include <doctest/doctest.h>

#include <string>

#include "scoring/image/exif.h"

using namespace mlpipe;

namespace {

constexpr std::string_view little_endian_6("II*\0\x08\0\0\0\x02\0\x00\x01\x03\0\1\0\0\0\x09\0\0\0\x12\x01\x03\0\1\0\0\0\x06\0\0\0\0\0\0\0", 38);
constexpr std::string_view big_endian_8("MM\0*\0\0\0\x08\0\1\x01\x12\0\x03\0\0\0\1\0\x08\0\0\0\0\0\0", 26);

std::string big_endian(std::size_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::string segment(std::string_view body) { return "\xff\xe1" + big_endian(body.size() + 2, 2) + std::string(body); }

std::string jpeg(std::string_view segments) { return "\xff\xd8" + std::string(segments) + "\xff\xda"; }

std::string with_start(std::string_view exif) { return std::string("Exif\0\0", 6) + std::string(exif); }

std::string xmp(std::string_view text) { return std::string("http://ns.adobe.com/xap/1.0/\0", 29) + std::string(text); }

std::string png(std::string_view kind, std::string_view body) {
  return "\x89PNG\r\n\x1a\n" + big_endian(body.size(), 4) + std::string(kind) + std::string(body) + "sum!";
}

std::string webp(std::string_view kind, std::string_view body) {
  std::string size = big_endian(body.size(), 4);
  return "RIFF\x10\x10\x10\x10WEBPVP8X" + std::string("\x02\0\0\0ab", 6) + std::string(kind) + std::string(size.rbegin(), size.rend()) + std::string(body);
}

std::string turned(int orientation) {
  Image image = make_image(3, 2, 1), out;
  image.pixels = {'a', 'b', 'c', 'd', 'e', 'f'};
  turn(image, orientation, out);
  std::string text;
  for (int y = 0; y < out.height; ++y) text += std::string(out.row(y), out.row(y) + out.width) + "/";
  return text;
}

}  // namespace

TEST_CASE("the orientation of JPEG, PNG and WebP files is read from their EXIF, in both orders of bytes") {
  CHECK(exif_orientation(jpeg(segment(with_start(little_endian_6)))) == 6);
  CHECK(exif_orientation(jpeg(segment(with_start(big_endian_8)))) == 8);
  CHECK(exif_orientation(png("eXIf", big_endian_8)) == 8);
  CHECK(exif_orientation(webp("EXIF", little_endian_6)) == 6);
  CHECK(exif_orientation(webp("EXIF", with_start(little_endian_6))) == 6);
}

TEST_CASE("EXIF cut into several segments is one") {
  const std::string whole(little_endian_6);
  CHECK(exif_orientation(jpeg(segment(with_start(whole.substr(0, 20))) + segment(with_start(whole.substr(20))))) == 6);
}

TEST_CASE("XMP counts where EXIF says nothing") {
  CHECK(exif_orientation(jpeg(segment(xmp("<a tiff:Orientation=\"3\"/>")))) == 3);
  CHECK(exif_orientation(jpeg(segment(xmp("<tiff:Orientation>7</tiff:Orientation>")))) == 7);
  CHECK(exif_orientation(jpeg(segment(xmp("<a tiff:Orientation=\"3\"/>")) + segment(with_start(big_endian_8)))) == 8);
  CHECK(exif_orientation(png("iTXt", std::string("XML:com.adobe.xmp\0\0\0\0\0", 22) + "tiff:Orientation=\"5\"")) == 5);
  CHECK(exif_orientation(webp("XMP ", "tiff:Orientation=\"2\"")) == 2);
}

TEST_CASE("what says nothing, or nonsense, is upright") {
  CHECK(exif_orientation("") == 1);
  CHECK(exif_orientation(jpeg("")) == 1);
  CHECK(exif_orientation(jpeg(segment(with_start("no EXIF")))) == 1);
  CHECK(exif_orientation(jpeg(segment(xmp("tiff:Orientation=\"9\"")))) == 1);
  CHECK(exif_orientation(std::string("BM\0\0", 4)) == 1);
  for (std::size_t length = 0; length < 60; ++length) {
    const std::string file = jpeg(segment(with_start(little_endian_6)));
    const int orientation = exif_orientation(std::string_view(file).substr(0, length));
    CHECK((orientation == 1 || orientation == 6));
  }
}

TEST_CASE("images are turned as the eight orientations mean") {
  CHECK(turned(2) == "cba/fed/");
  CHECK(turned(3) == "fed/cba/");
  CHECK(turned(4) == "def/abc/");
  CHECK(turned(5) == "ad/be/cf/");
  CHECK(turned(6) == "da/eb/fc/");
  CHECK(turned(7) == "fc/eb/da/");
  CHECK(turned(8) == "cf/be/ad/");
}
