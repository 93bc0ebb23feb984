"""Images from strangers: what comes out is ours, whatever came in; and little memory is enough."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from frontrow.services.events import image
from frontrow.services.events.image import HEAVIEST, LARGE, SMALL, ImageTooLarge, InvalidImage, rendered

ROOT = Path(__file__).parents[4]
RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 180, 20), (20, 20, 220), (255, 255, 255)


def written(picture, form="JPEG", **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def flag(width=1280, height=720, mode="RGB"):
    """Red on the left, blue on the right, and green along the top."""
    picture = Image.new(mode, (width, height), RED)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 2, 0, width, height), fill=BLUE)
    draw.rectangle((0, 0, width, height // 4), fill=GREEN)
    return picture


def opened(jpeg):
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


def near(pixel, wanted):
    return all(abs(one - other) < 40 for one, other in zip(pixel, wanted, strict=True))


def colours(picture, *places):
    """The names of the colours at these places, given as parts of width and height."""
    named = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    pixels = [picture.getpixel((int(x * picture.width), int(y * picture.height))) for x, y in places]
    return [next((name for name, wanted in named.items() if near(p, wanted)), str(p)) for p in pixels]


LEFT, RIGHT, TOP, BOTTOM = (0.1, 0.6), (0.9, 0.6), (0.5, 0.05), (0.5, 0.95)


@pytest.mark.parametrize(
    ("form", "mode"),
    [(f, m) for f in ("JPEG", "PNG", "WEBP") for m in ("RGB", "L", "CMYK", "P", "1", "RGBA", "LA", "I;16")
     if (f, m) not in {("JPEG", "RGBA"), ("JPEG", "LA"), ("JPEG", "P"), ("JPEG", "I;16"), ("PNG", "CMYK"),
                       ("WEBP", "I;16")}],
)  # fmt: skip
def test_each_format_and_mode_becomes_two_progressive_jpegs_of_ours(form, mode):
    picture = flag().convert("L").convert("I;16") if mode == "I;16" else flag().convert(mode)
    for jpeg, size in zip(rendered(written(picture, form)), (LARGE, SMALL), strict=True):
        shown = opened(jpeg)
        assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", size)
        assert shown.info["progressive"]
        assert len(jpeg) <= HEAVIEST
        if mode in ("RGB", "P", "RGBA"):
            assert colours(shown, LEFT, RIGHT, TOP) == ["red", "blue", "green"]


def test_a_jpeg_of_several_pictures_as_phones_make_them_is_one():
    phones = written(flag(), "MPO", save_all=True, append_images=[flag(640, 360)])
    assert Image.open(io.BytesIO(phones)).format == "MPO"
    assert colours(opened(rendered(phones)[0]), LEFT, RIGHT) == ["red", "blue"]


@pytest.mark.parametrize("size", [(4000, 900), (900, 4000), (1600, 900), (200, 200), (3000, 2000)])
def test_the_middle_is_shown(size):
    picture = Image.new("RGB", size, GREEN)
    width, height = size
    part = min(width / 16, height / 9)
    middle = (
        (width - 16 * part) / 2 + 1, (height - 9 * part) / 2 + 1,
        (width + 16 * part) / 2 - 2, (height + 9 * part) / 2 - 2,
    )  # fmt: skip
    ImageDraw.Draw(picture).rectangle(middle, fill=RED)
    shown = opened(rendered(written(picture, "PNG"))[0])
    assert colours(shown, (0.03, 0.5), (0.97, 0.5), (0.5, 0.03), (0.5, 0.97)) == ["red"] * 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_it_stands_upright_however_the_camera_was_held(orientation, form):
    stored = {  # what a camera held so would store
        1: None, 2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90",
        7: "TRANSVERSE", 8: "ROTATE_270",
    }[orientation]  # fmt: skip
    picture = flag().transpose(Image.Transpose[stored]) if stored else flag()
    exif = Image.Exif()
    exif[image.ORIENTATION] = orientation
    shown = opened(rendered(written(picture, form, exif=exif))[0])
    assert colours(shown, LEFT, RIGHT, TOP) == ["red", "blue", "green"]
    assert colours(shown, (0.02, 0.98), (0.98, 0.98)) == ["red", "blue"]


def test_transparency_becomes_white():
    for mode in ("RGBA", "LA", "P"):
        clear = Image.new("RGBA", (800, 450), (0, 0, 0, 0)).convert(mode)
        options = {"transparency": 0} if mode == "P" else {}
        shown = opened(rendered(written(clear, "PNG", **options))[0])
        assert colours(shown, LEFT, BOTTOM) == ["white", "white"]


def test_nothing_of_the_file_but_its_pixels_is_kept():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    upload = written(
        flag(), exif=exif, comment=b"a secret", icc_profile=b"secret profile", xmp=b"<x>secret</x>"
    ) + b"<script>secret</script>"  # fmt: skip
    assert upload.count(b"secret") == 4
    for jpeg in rendered(upload):
        assert b"secret" not in jpeg
        assert b"home" not in jpeg
        assert set(opened(jpeg).info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "progressive",
            "progression",
        }


def test_what_cannot_be_light_is_made_so():
    noise = Image.effect_noise((1600, 900), 200)
    for jpeg in rendered(written(Image.merge("RGB", [noise] * 3), "PNG")):
        assert len(jpeg) <= HEAVIEST


BROKEN = {
    "nothing": b"",
    "text": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a GIF": written(flag(), "GIF"),
    "a BMP": written(flag(), "BMP"),
    "a TIFF": written(flag(), "TIFF"),
    "a PDF": written(flag(), "PDF"),
    "a JPEG cut short": written(flag())[:3000],
    "a PNG cut short": written(flag(), "PNG")[:1000],
    "a WebP cut short": written(flag(), "WEBP")[:1000],
    "a PNG by name only": b"\x89PNG\r\n\x1a\n" + b"x" * 100,
    "too narrow": written(flag(199, 1000)),
    "too low": written(flag(1000, 199), "PNG"),
}


@pytest.mark.parametrize("upload", BROKEN.values(), ids=BROKEN)
def test_what_is_no_such_image_is_refused(upload):
    with pytest.raises(InvalidImage):
        rendered(upload)


def bomb(width, height):
    """A PNG that says it is so large, and has but a header."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    packed = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("size", [(3536, 3536), (7072, 7072), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size):
    with pytest.raises(ImageTooLarge):
        rendered(bomb(*size))


def test_a_jpeg_is_refused_by_its_header_though_it_could_be_decoded_small():
    upload = bytearray(written(flag()))
    frame = upload.index(b"\xff\xc0") + 5
    assert upload[frame : frame + 4] == struct.pack(">HH", 720, 1280)
    upload[frame : frame + 4] = struct.pack(">HH", 7072, 7072)
    with pytest.raises(ImageTooLarge):
        rendered(bytes(upload))


def test_a_large_photograph_is_decoded_small_but_not_if_it_cannot_be():
    photograph = flag(8160, 6120)  # of 50 megapixels
    assert colours(opened(rendered(written(photograph))[0]), LEFT, RIGHT) == ["red", "blue"]
    for options in ({"progressive": True}, {"form": "PNG", "compress_level": 1}):
        with pytest.raises(ImageTooLarge):
            rendered(written(photograph, **options))


MEASURED = """
import re, sys, threading
from pathlib import Path
from PIL import JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from frontrow.services.events import image

def megabytes(of):
    return int(re.search(of + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10

before = megabytes("VmRSS")
for file in sys.argv[1:]:
    thread = threading.Thread(target=lambda: image.rendered(Path(file).read_bytes()))
    thread.start()
    thread.join()
print(megabytes("VmHWM") - before, megabytes("VmRSS") - before)
"""


def test_the_largest_images_take_little_memory_and_give_it_back(tmp_path):
    clear = flag(4080, 3060, "RGBA")
    uploads = {
        "photograph": written(flag(8160, 6120)),
        "progressive": written(flag(4080, 3060), progressive=True, subsampling=0),
        "png": written(clear, "PNG", compress_level=1),
        "webp": written(clear.resize((2580, 1935)), "WEBP"),
    }
    for name, upload in uploads.items():
        (tmp_path / name).write_bytes(upload)
    files = [str(tmp_path / name) for name in (*uploads, *uploads)]
    command = [sys.executable, "-c", MEASURED, *files]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    most, kept = map(int, told.splitlines()[-1].split())
    assert 20 < most <= 160  # megabytes
    assert kept <= 110


SAMPLES = [written(flag(320, 200), form) for form in ("JPEG", "PNG", "WEBP")]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_however_a_file_is_damaged_it_is_shown_or_refused_by_name(sample, damages):
    damaged = bytearray(sample)
    for place, byte in damages:
        damaged[min(int(place * len(damaged)), len(damaged) - 1)] = byte
    try:
        shown = rendered(bytes(damaged))
    except (InvalidImage, ImageTooLarge):
        return
    assert [opened(jpeg).size for jpeg in shown] == [LARGE, SMALL]
