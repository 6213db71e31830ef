#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <sstream>

#include "pillow_goldens.h"
#include "scoring/image/image_decode.h"
#include "scoring/image/image_input.h"
#include "scoring/image/image_resize.h"
#include "support/temp_folder.h"
#include "support/venv_python.h"

using namespace mlpipe;

namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::string pixels_of(const Image& image) { return {image.pixels.begin(), image.pixels.end()}; }

int channels_of(std::string_view mode) { return mode == "L" ? 1 : 3; }

Result<Image> decoded(std::string_view file, int channels) {
  Image image;
  if (const auto status = decode_image(file, channels, image); !status) return status.error();
  return image;
}

Image resized(const Image& image, int width, int height, const ResizeKernels* kernels = nullptr) {
  Image out;
  Resizer(kernels).resize(image, width, height, {{0, width}, {0, height}}, out);
  return out;
}

Result<Image> decode_and_resize(const std::string& file, std::string_view mode, int width, int height) {
  auto image = decoded(file, channels_of(mode));
  if (!image || width == 0) return image;
  return resized(*image, width, height);
}

std::string golden_file(std::string_view name) {
  for (const auto& golden : goldens) {
    if (golden.name == name) return from_hex(golden.file);
  }
  FAIL("no golden " << name);
  return {};
}

Image grey(int width, int height) {
  Image image = make_image(width, height, 1);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i);
  return image;
}

void skipped() { MESSAGE("skipped: no Pillow in .venv"); }

// A PNG header for any size, with a correct checksum, and nothing after it.
std::string png_header(std::uint32_t width, std::uint32_t height) {
  std::string chunk = "IHDR";
  for (const auto side : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) chunk += static_cast<char>(side >> shift);
  }
  chunk += std::string("\x08\x02\0\0\0", 5);
  std::uint32_t crc = ~0u;
  for (const char byte : chunk) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  crc = ~crc;
  std::string file = std::string("\x89PNG\r\n\x1a\n\0\0\0\x0d", 12) + chunk;
  for (int shift = 24; shift >= 0; shift -= 8) file += static_cast<char>(crc >> shift);
  return file + std::string("\0\0\0\0IDAT\x35\xaf\x06\x1e", 12);
}

}  // namespace

TEST_CASE("decoding and resizing give Pillow's pixels (golden values)") {
  for (const auto& golden : goldens) {
    CAPTURE(golden.name);
    CAPTURE(golden.mode);
    CAPTURE(golden.width);
    const auto image = decode_and_resize(from_hex(golden.file), golden.mode, golden.width, golden.height);
    REQUIRE(image);
    CHECK(pixels_of(*image) == from_hex(golden.pixels));
  }
}

TEST_CASE("decoding and resizing give the pixels of the Pillow that is installed") {
  const std::string python = test::python_with("PIL");
  if (python.empty()) return skipped();
  const test::TempFolder folder;
  REQUIRE(test::run_python(python, MLPIPE_SOURCE_DIR "/tests/unit/scoring/pillow_reference.py", folder.path()));
  std::istringstream index(test::read(folder / "index"));
  std::string name, mode, pixels;
  int width, height, expected_width, expected_height, compared = 0;
  for (std::string line; std::getline(index, line);) {
    if (line.starts_with("cut ")) continue;
    std::istringstream(line) >> name >> mode >> width >> height >> expected_width >> expected_height >> pixels;
    CAPTURE(line);
    const auto image = decode_and_resize(test::read(folder / name), mode, width, height);
    REQUIRE(image);
    CHECK(image->width == expected_width);
    CHECK(image->height == expected_height);
    CHECK((pixels_of(*image) == test::read(folder / pixels)));
    ++compared;
  }
  CHECK(compared > 500);
}

TEST_CASE("files that are cut short fail where Pillow fails; a PNG also when only the checksum of its pixels is missing") {
  const std::string python = test::python_with("PIL");
  if (python.empty()) return skipped();
  const test::TempFolder folder;
  REQUIRE(test::run_python(python, MLPIPE_SOURCE_DIR "/tests/unit/scoring/pillow_reference.py", folder.path()));
  std::istringstream index(test::read(folder / "index"));
  std::string word, name;
  std::size_t length;
  int loads_there, cuts = 0;
  for (std::string line; std::getline(index, line);) {
    if (!line.starts_with("cut ")) continue;
    std::istringstream(line) >> word >> name >> length >> loads_there;
    CAPTURE(line);
    const std::string whole = test::read(folder / name);
    const bool loads = static_cast<bool>(decoded(whole.substr(0, length), 3)), stricter = name.ends_with("png") && length <= whole.size() - 12;
    if (loads || !stricter) CHECK(loads == (loads_there == 1));
    ++cuts;
  }
  CHECK(cuts > 100);
}

TEST_CASE("damaged files are errors with a reason") {
  CHECK(decoded("", 3).error().message == "the file is empty");
  CHECK(decoded("GIF89a", 3).error().message == "a GIF image: only JPEG, PNG, WebP and BMP are read");
  const std::string png = golden_file("rgb16.png"), jpeg = golden_file("RGB.jpg");
  CHECK(decoded(png.substr(0, png.size() / 2), 3).error().message == "damaged PNG: the file is truncated");
  CHECK(decoded(jpeg.substr(0, jpeg.size() - 30), 3).error().message == "damaged JPEG: the file is truncated");
  CHECK(decoded(jpeg.substr(0, 4), 3).error().message == "damaged JPEG: the file is truncated");
  CHECK_FALSE(decoded("\xff\xd8\xff\xd9", 3));
  CHECK(decoded("hello", 3).error().message == "no JPEG, PNG, WebP or BMP image (starts with 68 65 6c 6c)");
  CHECK(decoded("hello", 3).error().hint == "convert it, or score such files with an entry_script in Python");
}

TEST_CASE("every flipped byte of an image is a picture or an error, never a crash") {
  for (const char* name : {"rgb16.png", "palette2.png", "interlaced.png", "RGB.jpg", "CMYK.jpg", "runs4.bmp", "runs8.bmp", "fields16.bmp", "lossy.webp", "lossless.webp"}) {
    const std::string file = golden_file(name);
    for (std::size_t at = 0; at < file.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = file;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        if (at >= 16 && at < 26 && !std::string_view(name).ends_with("jpg")) continue;  // sizes: the test below
        const auto image = decoded(damaged, 3);
        if (image) CHECK(image->pixels.size() == image->row_bytes() * static_cast<std::size_t>(image->height));
      }
    }
  }
}

TEST_CASE("giant images are refused before memory is taken for them") {
  CHECK(decoded(png_header(50000, 50000), 3).error().message == "the image has 50000 x 50000 pixels, more than the limit of 178956970");
  CHECK_FALSE(decoded(png_header(0x7fffffff, 0x7fffffff), 3));
  CHECK_FALSE(decoded(png_header(0, 5), 3));
  CHECK(check_image_size(178'956'970, 1));
  CHECK_FALSE(check_image_size(178'956'971, 1));
  CHECK_FALSE(check_image_size(1ull << 33, 1ull << 33));
}

TEST_CASE("a file that is far too short for the size it states gets no memory") {
  CHECK(decoded(png_header(10000, 10000), 3).error().message.starts_with("the file is truncated: its"));
  std::string jpeg = golden_file("RGB.jpg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, "\x30\x00\x30\x00", 4);  // 12288 x 12288
  CHECK(decoded(jpeg, 3).error().message.starts_with("the file is truncated: its"));
  std::string bitmap = golden_file("rgb24.bmp");
  bitmap.replace(18, 8, "\0\x30\0\0\0\x30\0\0", 8);
  CHECK(decoded(bitmap, 3).error().message == "damaged BMP: the file is truncated");
}

TEST_CASE("a JPEG of endless scans is refused: each goes over the whole image") {
  const std::string file = golden_file("progressive.jpg");
  const std::size_t begin = file.rfind("\xff\xda"), end = file.size() - 2;
  const auto with_scans = [&](int more) {
    std::string longer = file.substr(0, end);
    for (int i = 0; i < more; ++i) longer += file.substr(begin, end - begin);
    return decoded(longer + file.substr(end), 3);
  };
  CHECK(with_scans(300));
  CHECK(with_scans(600).error().message == "damaged JPEG: more than 500 scans");
}

TEST_CASE("bitmaps that cannot be say why") {
  const auto changed = [](std::size_t at, std::string_view bytes) { return decoded(golden_file("palette4.bmp").replace(at, bytes.size(), bytes), 3).error().message; };
  CHECK(changed(14, "\x29") == "damaged BMP: a header of 41 bytes is of no known kind");
  CHECK(changed(28, "\x05") == "damaged BMP: 5 bits a pixel");
  CHECK(changed(30, "\x04") == "a BMP of compression 4 is not read");
  CHECK(changed(30, "\x03") == "damaged BMP: bit fields with a palette");
  CHECK(changed(46, {"\1\0\1\0", 4}) == "damaged BMP: a palette of 65537 colours");
  CHECK(changed(18, {"\0\0\0\0", 4}) == "the image has no pixels");
}

TEST_CASE("the shorter side is resized by torchvision's rule") {
  ImageSpec spec;
  spec.mode = "L";
  spec.resize = {32};
  const auto input = ImageInput::make(spec);
  REQUIRE(input);
  const auto image = input->load(golden_file("grey4.png"));  // 13 x 7
  REQUIRE(image);
  CHECK(image->height == 32);
  CHECK(image->width == 59);  // int(32 * 13 / 7) of 59.43
}

TEST_CASE("a resize that would make a giant image fails the item") {
  ImageSpec spec;
  spec.resize = {200'000};
  CHECK_FALSE(ImageInput::make(spec)->load(golden_file("grey4.png")));
}

TEST_CASE("centre crops round half to even, as torchvision does, and pad what is too small") {
  ImageSpec spec;
  spec.mode = "L";
  spec.crop = {3, 6};
  const auto whole = decoded(golden_file("grey4.png"), 1);  // 13 x 7
  const auto cropped = ImageInput::make(spec)->load(golden_file("grey4.png"));
  REQUIRE(cropped);
  CHECK(cropped->width == 6);
  CHECK(cropped->height == 3);
  CHECK(cropped->row(0)[0] == whole->row(2)[4]);  // (7 - 3) / 2 = 2, (13 - 6) / 2 = 3.5 -> 4
  spec.crop = {9, 15};
  const auto padded = ImageInput::make(spec)->load(golden_file("grey4.png"));
  REQUIRE(padded);
  CHECK(padded->row(0)[7] == 0);
  CHECK(padded->row(1)[0] == 0);
  CHECK(padded->row(1)[1] == whole->row(0)[0]);
  CHECK(padded->row(7)[13] == whole->row(6)[12]);
  CHECK(padded->row(7)[14] == 0);
  spec.crop = {4};
  CHECK(ImageInput::make(spec)->load(golden_file("grey4.png"))->width == 4);
}

TEST_CASE("values are (x / 255 - mean) / std in float32, channel by channel") {
  ImageSpec spec;
  spec.mean = {0.485, 0.456, 0.406};
  spec.std = {0.229, 0.224, 0.225};
  Image image = make_image(2, 1, 3);
  image.pixels = {0, 128, 255, 7, 8, 9};
  float out[6];
  ImageInput::make(spec)->write(image, out);
  CHECK(out[0] == (0.0f / 255.0f - 0.485f) / 0.229f);
  CHECK(out[1] == (7.0f / 255.0f - 0.485f) / 0.229f);
  CHECK(out[2] == (128.0f / 255.0f - 0.456f) / 0.224f);
  CHECK(out[5] == (9.0f / 255.0f - 0.406f) / 0.225f);
}

TEST_CASE("the layout orders values and shapes") {
  ImageSpec spec;
  spec.crop = {4, 5};
  CHECK(*ImageInput::make(spec)->known_shape() == std::vector<std::int64_t>{3, 4, 5});
  spec.layout = ImageLayout::hwc;
  CHECK(*ImageInput::make(spec)->known_shape() == std::vector<std::int64_t>{4, 5, 3});
  spec.crop = {};
  CHECK_FALSE(ImageInput::make(spec)->known_shape());
  spec.resize = {6};
  CHECK_FALSE(ImageInput::make(spec)->known_shape());
  spec.resize = {6, 7};
  CHECK(*ImageInput::make(spec)->known_shape() == std::vector<std::int64_t>{6, 7, 3});
  Image image = make_image(2, 1, 3);
  image.pixels = {0, 51, 255, 255, 51, 0};
  CHECK(ImageInput::make(spec)->shape_of(image) == std::vector<std::int64_t>{1, 2, 3});
  float out[6];
  ImageInput::make(spec)->write(image, out);
  CHECK(std::vector<float>(out, out + 6) == std::vector<float>{0, 51.0f / 255.0f, 1, 1, 51.0f / 255.0f, 0});
}

TEST_CASE("specs that cannot be are refused") {
  const auto refused = [](auto change) {
    ImageSpec spec;
    change(spec);
    return !ImageInput::make(spec);
  };
  CHECK(refused([](ImageSpec& s) { s.mode = "CMYK"; }));
  CHECK(refused([](ImageSpec& s) { s.resize = {1, 2, 3}; }));
  CHECK(refused([](ImageSpec& s) { s.resize = {0}; }));
  CHECK(refused([](ImageSpec& s) { s.crop = {-1}; }));
  CHECK(refused([](ImageSpec& s) { s.mean = {0.5}; }));
  CHECK(refused([](ImageSpec& s) { s.std = {1, 0, 1}; }));
  CHECK_FALSE(refused([](ImageSpec&) {}));
}

TEST_CASE("what is asked for of a resized image is what the whole has there, on every kind of machine") {
  constexpr std::array<int, 4> sizes[] = {{61, 47, 23, 31}, {200, 3, 40, 9}, {5, 90, 64, 12}, {33, 33, 33, 20}, {40, 30, 11, 30}, {1, 1, 70, 70}, {900, 2, 3, 2},
                                           {300000, 2, 3, 2}, {2, 300000, 2, 3}};  // weights of an output at a time
  for (const int channels : {1, 3}) {
    for (const auto& [width, height, to_width, to_height] : sizes) {
      CAPTURE(width);
      CAPTURE(to_width);
      CAPTURE(channels);
      Image image = make_image(width, height, channels);
      std::uint32_t seed = 7;
      for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
      const Image whole = resized(image, to_width, to_height, &portable_kernels);
      if (avx2_kernels()) CHECK((resized(image, to_width, to_height, avx2_kernels()).pixels == whole.pixels));
      const Window window{{to_width / 3, (to_width + 1) / 2}, {to_height / 4, (to_height + 1) / 2}};
      Image part, expected;
      Resizer().resize(image, to_width, to_height, window, part);
      Resizer().resize(whole, to_width, to_height, window, expected);
      CHECK((part.pixels == expected.pixels));
    }
  }
}

TEST_CASE("resizing to the same size changes nothing, and to one pixel takes the mean of all") {
  const Image image = grey(4, 4);  // 0 to 15
  CHECK(resized(image, 4, 4).pixels == image.pixels);
  CHECK(std::abs(resized(image, 1, 1).pixels[0] - 7) <= 1);
  CHECK(resized(grey(1, 1), 50, 1).pixels.size() == 50);
}
