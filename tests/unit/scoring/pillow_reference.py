"""What Pillow makes of images: the reference of the image tests.

    pillow_reference.py FOLDER     many images, their pixels and an index into FOLDER
    pillow_reference.py --goldens  the C++ header pillow_goldens.h, for machines without Pillow
"""
import io
import os
import struct
import sys
import zlib

from PIL import Image

seed = 1


def noise(count):
    """Deterministic bytes without numpy."""
    global seed
    out = bytearray()
    while len(out) < count:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        out += struct.pack("<Q", seed)
    return bytes(out[:count])


def picture(mode, width, height):
    """Smooth parts and noise, so that JPEG files look like something."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    raw, dots = bytearray(), noise(width * height * bands)
    for y in range(height):
        for x in range(width):
            for band in range(bands):
                dot = dots[(y * width + x) * bands + band]
                raw.append((x * (3 + band) + y * (5 - band) + dot // (1 + (x + y) % 9)) % 256)
    return Image.frombytes(mode, (width, height), bytes(raw))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, *before):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def raw_png(width, height, depth, colour, channels, *before):
    bytes_in_row = (width * depth * channels + 7) // 8
    return png(width, height, depth, colour, b"".join(b"\0" + noise(bytes_in_row) for _ in range(height)), *before)


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bmp(width, height, bits, compression, pixels, colours=b"", masks=b""):
    start = 54 + len(masks) + len(colours)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, len(colours) // 4, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + masks + colours + pixels


def raw_bmp(width, height, bits, *more):
    return bmp(width, height, bits, 3 if len(more) > 1 else 0, noise((width * bits + 31) // 32 * 4 * abs(height)), *more)


def bitmaps():
    for bits in (1, 4, 8):
        yield f"palette{bits}.bmp", raw_bmp(13, 7, bits, noise(4 * 2**bits))
    yield "grey8.bmp", raw_bmp(11, 6, 8, b"".join(bytes([i, i, i, 0]) for i in range(256)))
    yield "top_down16.bmp", raw_bmp(7, -9, 16)
    yield "fields16.bmp", raw_bmp(7, 9, 16, b"", struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield "rgb24.bmp", raw_bmp(5, 8, 24)
    yield "fields32.bmp", raw_bmp(6, 5, 32, b"", struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00))
    # Runs, stored pixels, an end of a row before its end, a skip, the end.
    yield "runs4.bmp", bmp(9, 4, 4, 2, bytes([5, 0x12, 0, 4, 0x34, 0x56, 0, 0, 9, 0x78, 0, 0, 3, 0x9A, 0, 2, 2, 1, 4, 0xBC, 0, 0, 0, 1]), noise(64))
    yield "runs8.bmp", bmp(6, 4, 8, 1, bytes([6, 1, 0, 0, 0, 3, 2, 3, 4, 0, 3, 5, 0, 0, 2, 6, 0, 2, 1, 1, 3, 7, 0, 0, 0, 1]), noise(64))


def webps():
    yield "lossy.webp", encoded(picture("RGB", 21, 13), "WEBP", quality=70)
    yield "alpha.webp", encoded(picture("RGBA", 14, 11), "WEBP", quality=40)
    yield "lossless.webp", encoded(picture("RGBA", 9, 7), "WEBP", lossless=True, exact=True)
    yield "animated.webp", encoded(picture("RGB", 8, 8), "WEBP", save_all=True, append_images=[picture("RGB", 8, 8)], duration=9)


def files():
    yield from bitmaps()
    yield from webps()
    for depth in (1, 2, 4, 8, 16):
        yield f"grey{depth}.png", raw_png(13, 7, depth, 0, 1)
    for depth in (8, 16):
        yield f"rgb{depth}.png", raw_png(11, 6, depth, 2, 3)
        yield f"grey_alpha{depth}.png", raw_png(9, 8, depth, 4, 2)
        yield f"rgb_alpha{depth}.png", raw_png(10, 5, depth, 6, 4)
    for depth in (1, 2, 4, 8):
        colours = chunk(b"PLTE", noise(3 * 2**depth))
        yield f"palette{depth}.png", raw_png(12, 9, depth, 3, 1, colours)
        yield f"palette_alpha{depth}.png", raw_png(12, 9, depth, 3, 1, colours, chunk(b"tRNS", noise(2**depth // 2)))
    yield "short_palette.png", raw_png(12, 9, 8, 3, 1, chunk(b"PLTE", noise(9)))
    yield "grey_transparent.png", raw_png(12, 9, 8, 0, 1, chunk(b"tRNS", b"\0\x07"))
    yield "gamma.png", raw_png(12, 9, 8, 2, 3, chunk(b"gAMA", struct.pack(">I", 45455)))
    for mode in ("L", "RGB"):
        for options in ({"quality": 90}, {"quality": 30, "progressive": True}, {"quality": 100, "optimize": True}):
            yield f"{mode}{len(options)}{options['quality']}.jpg", encoded(picture(mode, 37, 29), "JPEG", **options)
    for subsampling in (0, 1, 2):
        yield f"sub{subsampling}.jpg", encoded(picture("RGB", 61, 43), "JPEG", quality=85, subsampling=subsampling)
        yield f"restart{subsampling}.jpg", encoded(picture("RGB", 70, 40), "JPEG", subsampling=subsampling, restart_marker_blocks=3)
    yield "cmyk.jpg", encoded(picture("CMYK", 33, 21), "JPEG", quality=92)
    yield "large.jpg", encoded(picture("RGB", 320, 241), "JPEG", quality=88)
    yield "interlaced.png", interlaced()


def interlaced():
    """Adam7 by hand: Pillow does not write it."""
    width, height, rows = 11, 10, b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        columns = len(range(x0, width, dx))
        for _ in range(y0, height, dy):
            if columns:
                rows += b"\0" + noise(3 * columns)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


SIZES = [(1, 1), (5, 3), (3, 17), (28, 28), (64, 2), (9, 1), (100, 75), (224, 224), (300, 150), (100, 100)]


def order_is_older(image, size):
    """Before 13 Pillow never resized vertically first, as it does when the height shrinks much more than the width."""
    lost = image.height - size[1]
    return int(__import__("PIL").__version__.split(".")[0]) < 13 and lost > 0 and lost > 2 * (image.width - size[0])


def write(folder):
    """index: file, mode, width and height asked for (0: as it is), width, height, file with the pixels."""
    lines = []

    def case(name, mode, size, image):
        pixels = f"{len(lines)}.raw"
        with open(os.path.join(folder, pixels), "wb") as out:
            out.write(image.tobytes())
        lines.append(f"{name} {mode} {size[0]} {size[1]} {image.width} {image.height} {pixels}")

    for name, data in files():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)
        for mode in ("L", "RGB"):
            image = Image.open(io.BytesIO(data)).convert(mode)
            case(name, mode, (0, 0), image)
            for size in SIZES:
                if order_is_older(image, size):
                    continue
                case(name, mode, size, image.resize(size, Image.BILINEAR))
    # What Pillow says to files cut short, byte by byte: "name length 1" loads.
    for name in ("grey8.png", "RGB190.jpg", "L230.jpg", "interlaced.png", "palette4.bmp", "runs8.bmp", "runs4.bmp", "fields16.bmp", "lossy.webp", "lossless.webp"):
        with open(os.path.join(folder, name), "rb") as whole:
            data = whole.read()
        for length in sorted({*range(0, len(data), 37), *range(len(data) - 24, len(data) + 1)}):
            try:
                Image.open(io.BytesIO(data[:length])).convert("RGB")
                loads = 1
            except Exception:
                loads = 0
            lines.append(f"cut {name} {length} {loads}")
    with open(os.path.join(folder, "index"), "w") as out:
        out.write("\n".join(lines) + "\n")


def literal(data):
    text = data.hex()
    return "\n     ".join(f'"{text[at:at + 128]}"' for at in range(0, len(text), 128))


def goldens():
    print("// Written by pillow_reference.py --goldens with Pillow", __import__("PIL").__version__)
    print("#pragma once\n\nstruct Golden {\n  const char *name, *mode, *file;  // file and pixels in hexadecimal")
    print("  int width, height;  // resized to; 0: as it is\n  const char* pixels;\n};\n\nconstexpr Golden goldens[] = {")
    chosen = {"grey1.png", "grey4.png", "grey16.png", "rgb16.png", "grey_alpha8.png", "rgb_alpha8.png", "palette2.png", "interlaced.png",
              "short_palette.png"}
    small = [(name, data) for name, data in files() if name in chosen]
    small += [*bitmaps(), *webps()]
    small += [("progressive.jpg", encoded(picture("RGB", 19, 17), "JPEG", quality=60, progressive=True))]
    small += [(f"{mode}.jpg", encoded(picture(mode, 9, 7), "JPEG", quality=80)) for mode in ("L", "RGB", "CMYK")]
    for name, data in small:
        for mode in ("L", "RGB"):
            for size in ((0, 0), (4, 3), (6, 11), (12, 2)):
                image = Image.open(io.BytesIO(data)).convert(mode)
                image = image.resize(size, Image.BILINEAR) if size[0] else image
                print(f'    {{"{name}", "{mode}",\n     {literal(data)},\n     {size[0]}, {size[1]},\n     {literal(image.tobytes())}}},')
    print("};")


if __name__ == "__main__":
    goldens() if sys.argv[1] == "--goldens" else write(sys.argv[1])
