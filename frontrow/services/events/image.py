"""Images from strangers, made into what we show: decoded within bounds, and written anew."""

import ctypes
import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from frontrow.chassis.refusals import Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

log = structlog.get_logger(__name__)
MOST_BYTES = 10 * 1024 * 1024
LEAST_SIDE = 200  # pixels
MOST_PIXELS = 50_000_000
# Pixels in memory at once, so that some 130 MB are enough. A JPEG is decoded smaller from the start, but if
# it is progressive, all of it is kept there nevertheless.
MOST_DECODED = {"JPEG": 12_500_000, "PNG": 12_500_000, "WEBP": 5_000_000}
LARGE, SMALL = (1600, 900), (800, 450)
ENOUGH = 1440  # pixels of a side; that they become 1600, nobody sees
KEPT = 1.2  # times our size, of what is shrunk in whole numbers before it is in parts
STRIP = 64  # rows
HEAVIEST = 250_000  # bytes of a JPEG
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270",
    7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
QUALITIES = (82, 72, 60, 45, 30, 15, 5)
ONE = threading.Lock()  # is decoded at a time, for the sake of memory


class InvalidImage(Refusal):
    code, status = "invalid_image", 422
    detail = "This is not a JPEG, PNG or WebP image of at least 200 by 200 pixels, or it is damaged."


class ImageTooLarge(Refusal):
    code, status = "image_too_large", 413
    detail = "The image is too large. Make it smaller: 1600 by 900 pixels is all that is shown."


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image as it was stored, and the EXIF number that says how to turn it."""

    image: "Image"
    orientation: int


def rendered(upload: bytes) -> tuple[bytes, bytes]:
    """An image as JPEG in 1600 × 900 and 800 × 450: its middle, upright, on white, without metadata.

    Raises InvalidImage, ImageTooLarge.
    """
    with ONE:
        try:
            return _rendered(upload)
        finally:
            _give_back()


def _rendered(upload: bytes) -> tuple[bytes, bytes]:
    large = _middle(_opened(upload))
    return _jpeg(large), _jpeg(large.resize(SMALL))


def _give_back() -> None:
    """Return what is free to the system, where the C library can; else each thread would keep a lot."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _opened(upload: bytes) -> Decoded:
    """The image, decoded; as small as its format can, but large enough."""
    from PIL import Image  # here, for the memory of processes that never see an image

    Image.MAX_IMAGE_PIXELS = None  # we look ourselves, and refuse earlier
    try:
        image = Image.open(io.BytesIO(upload), formats=list(MOST_DECODED))
        _check(image)
        image.load()
        return Decoded(image, image.getexif().get(ORIENTATION, 1))
    except ImageTooLarge:
        raise
    except Exception as error:  # broken files bring decoders to raise nearly anything
        log.info("image_refused", why=repr(error))
        raise InvalidImage from error


def _check(image: "Image") -> None:
    """Refuse by the header alone what would take too much memory."""
    if min(image.size) < LEAST_SIDE:
        raise ValueError(f"only {image.width} x {image.height} pixels")
    stored = image.width * image.height
    if stored > MOST_PIXELS:
        raise ImageTooLarge
    image.draft("RGB", (ENOUGH, ENOUGH))  # of JPEG only; at least so large, whichever way up
    decoded = stored if image.info.get("progressive") else image.width * image.height
    kind = image.format if image.format in MOST_DECODED else "JPEG"  # of which there are kinds: MPO
    if decoded > MOST_DECODED[kind]:
        raise ImageTooLarge


def _middle(decoded: Decoded) -> "Image":
    """The largest part in the middle that has our proportions, upright in our size."""
    from PIL import Image

    image = decoded.image
    size = LARGE[::-1] if decoded.orientation in ON_ITS_SIDE else LARGE
    scale = min(image.width / size[0], image.height / size[1])
    width, height = round(size[0] * scale), round(size[1] * scale)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    shrunk = _shrunk(image, (left, top, left + width, top + height), max(1, int(scale / KEPT)))
    middle = shrunk.resize(size, Image.Resampling.LANCZOS)
    turn = TURNS.get(decoded.orientation)
    return middle.transpose(Image.Transpose[turn]) if turn else middle


def _shrunk(image: "Image", box: tuple[int, int, int, int], by: int) -> "Image":
    """This part of the image on white, so many times smaller.

    Strip by strip: each step of Pillow makes a copy, which for the whole would double the memory.
    """
    from PIL import Image

    left, top, right, bottom = box
    shrunk = Image.new("RGB", ((right - left) // by, (bottom - top) // by))
    for row in range(0, shrunk.height, STRIP):
        end = min(row + STRIP, shrunk.height)
        strip = image.crop((left, top + row * by, left + shrunk.width * by, top + end * by))
        shrunk.paste(_flat(strip).reduce(by), (0, row))
    return shrunk


def _flat(image: "Image") -> "Image":
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def _jpeg(image: "Image") -> bytes:
    """The best quality that is not too heavy; new pixels only, nothing else of the file that came."""
    for quality in QUALITIES:
        written = io.BytesIO()
        image.save(written, "JPEG", quality=quality, progressive=True, optimize=True)
        if written.tell() <= HEAVIEST:
            break
    return written.getvalue()
