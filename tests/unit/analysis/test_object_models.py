"""Decoders of object models' outputs, and the mean of several models."""

import cv2
import numpy as np
import pytest

from analysis.detectors.dfine import DFine
from analysis.detectors.nanodet import NanoDet, _cells
from analysis.detectors.objects import (
    DECODERS,
    HINTED_MS,
    PHONE_HINT,
    THRESHOLD,
    Averaged,
    Member,
    ObjectDetector,
    ObjectNets,
    decoded,
    tried,
)
from analysis.detectors.yolox import Thing
from analysis.errors import ModelInputUnexpected
from analysis.picture import Image, Picture
from analysis.schedule import Schedule
from models import LoadedModel
from models.manifest import ModelEntry, ObjectDecoder

PHONE = np.array([100, 100, 140, 180], np.float32)


class Seeing:
    def __init__(self, *things: tuple[str, float, np.ndarray]) -> None:
        self._things = [
            Thing(label, score, np.asarray(box, np.float32)) for label, score, box in things
        ]

    def find(self, bgr: Image) -> list[Thing]:
        return self._things


def member(words: str, *things: tuple[str, float, np.ndarray]) -> Member:
    return Member(Seeing(*things), frozenset(words.split()))


def mean(*members: Member) -> list[tuple[str, float]]:
    found = Averaged(members).find(np.zeros((480, 640, 3), np.uint8))
    return [(thing.label, round(thing.score, 3)) for thing in found]


def field(number: int, value: int | bytes) -> bytes:
    """One field of a protobuf message: ONNX files are such messages."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def onnx_file(
    inputs: dict[str, tuple[int, tuple[int, ...]]], outputs: dict[str, np.ndarray]
) -> bytes:
    """A network that gives these outputs whatever it is shown. Type 1: float32, 7: int64."""

    def described(name: str, kind: int, shape: tuple[int, ...]) -> bytes:
        sides = b"".join(field(1, field(1, side)) for side in shape)
        return field(1, name.encode()) + field(2, field(1, field(1, kind) + field(2, sides)))

    def kind_of(array: np.ndarray) -> int:
        return 7 if array.dtype == np.int64 else 1

    graph = b""
    for name in outputs:
        names = field(1, f"{name}_kept".encode()) + field(2, name.encode())
        graph += field(1, names + field(4, b"Identity"))
    graph += field(2, b"g")
    for name, array in outputs.items():
        sides = b"".join(field(1, side) for side in array.shape)
        kept = sides + field(2, kind_of(array)) + field(8, f"{name}_kept".encode())
        graph += field(5, kept + field(9, array.tobytes()))
    for name, (kind, shape) in inputs.items():
        graph += field(11, described(name, kind, shape))
    for name, array in outputs.items():
        graph += field(12, described(name, kind_of(array), array.shape))
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13))


def own(decoder: str, content: bytes, labels: tuple[str, ...] = ("person", "phone")) -> LoadedModel:
    entry = ModelEntry(
        name="own",
        version="1",
        task="objects",
        source="url",
        sha256="0" * 64,
        licence="own",
        origin="",
        runtime="onnx",
        input=(),
        labels=labels,
        decoder=decoder,
        file="own.onnx",
    )
    return LoadedModel(entry, content)


NANODET = np.zeros((1, 16 + 4 + 1 + 1, 2 + 4 * 8), np.float32)
NANODET[0, 5, 1] = 0.9  # row 1, column 1 of the stride-8 level
FILES = {
    "yolox": onnx_file(
        {"images": (1, (1, 3, 32, 32))}, {"output": np.full((1, 21, 7), 0.9, np.float32)}
    ),
    "nanodet": onnx_file({"data": (1, (1, 3, 32, 32))}, {"output": NANODET}),
    "dfine": onnx_file(
        {"images": (1, (1, 3, 32, 32)), "orig_target_sizes": (7, (1, 2))},
        {
            "labels": np.array([[1, 0]], np.int64),
            "boxes": np.array([[[10, 10, 50, 90], [0, 0, 640, 480]]], np.float32),
            "scores": np.array([[0.9, 0.05]], np.float32),
        },
    ),
}


@pytest.mark.parametrize("decoder", FILES)
def test_a_file_of_each_kind_is_tried_and_then_sees(decoder: str) -> None:
    entry = tried(own(decoder, FILES[decoder]))
    assert entry.input == (1, 3, 32, 32)
    found = decoded(LoadedModel(entry, FILES[decoder])).find(np.zeros((480, 640, 3), np.uint8))
    assert "phone" in {thing.label for thing in found}
    for thing in found:
        assert thing.score >= THRESHOLD
        assert (thing.box >= 0).all()
        assert (thing.box <= [640, 480, 640, 480]).all()


@pytest.mark.parametrize(
    ("decoder", "content"),
    [
        ("yolox", b"no model"),
        ("dfine", FILES["yolox"]),
        ("nanodet", FILES["yolox"]),
        ("yolox", FILES["nanodet"]),
    ],
    ids=["no model", "yolox as dfine", "yolox as nanodet", "nanodet as yolox"],
)
def test_a_file_of_another_kind_is_refused(decoder: str, content: bytes) -> None:
    with pytest.raises(ModelInputUnexpected):
        tried(own(decoder, content))


def test_a_model_without_a_label_of_use_is_refused() -> None:
    with pytest.raises(ModelInputUnexpected, match="label"):
        tried(own("yolox", FILES["yolox"], ("cat", "dog")))


def test_every_decoder_of_the_manifest_is_known() -> None:
    assert set(DECODERS) == set(ObjectDecoder.__args__)


def test_a_nanodet_output_is_decoded_to_pixels_of_the_picture() -> None:
    net = NanoDet.__new__(NanoDet)
    net._side, net._labels, net._threshold = 416, ("person", "cell phone"), 0.3
    net._wanted, net._cells = [(1, "cell phone")], _cells(416)
    output = np.zeros((3598, 2 + 4 * 8), np.float32)
    cell = 52 * 52 + 10 * 26 + 7  # row 10, column 7 of the stride-16 level
    output[cell, 1] = 0.8
    for side, bins in enumerate((1, 2, 3, 4)):  # left, top, right, bottom, in strides
        output[cell, 2 + side * 8 + bins] = 50.0
    (thing,) = net.things(output, 832, 416)
    assert (thing.label, thing.score) == ("cell phone", pytest.approx(0.8))
    expected = [(112 - 16) * 2, 160 - 32, (112 + 48) * 2, 160 + 64]
    assert thing.box == pytest.approx(expected, abs=1e-3)


def test_a_nanodet_output_of_another_size_is_refused() -> None:
    net = NanoDet.__new__(NanoDet)
    net._side, net._labels, net._cells = 416, ("person",), _cells(416)
    with pytest.raises(ModelInputUnexpected):
        net.things(np.zeros((100, 33), np.float32), 640, 480)


def test_a_dfine_output_is_taken_by_its_labels() -> None:
    net = DFine.__new__(DFine)
    net._labels, net._wanted, net._threshold = ("person", "cup", "cell phone"), {"cell phone"}, 0.3
    labels = np.array([2, 2, 1, 2, 99], np.int64)
    boxes = np.stack([PHONE, PHONE + 1, PHONE, PHONE - 200, PHONE])
    scores = np.array([0.7, 0.5, 0.9, 0.2, 0.9], np.float32)
    (thing,) = net.things(labels, boxes, scores, np.array([640, 480, 640, 480]))
    assert (thing.label, thing.score) == ("cell phone", pytest.approx(0.7))


def test_the_mean_of_two_models_is_over_both_even_where_one_sees_nothing() -> None:
    assert mean(member("phone", ("phone", 0.6, PHONE)), member("phone")) == [("phone", 0.3)]
    both = (member("phone", ("phone", 0.6, PHONE)), member("phone", ("phone", 0.4, PHONE + 4)))
    assert mean(*both) == [("phone", 0.5)]


def test_two_things_in_different_places_are_two() -> None:
    there = PHONE + 200
    found = mean(
        member("phone", ("phone", 0.6, PHONE), ("phone", 0.8, there)),
        member("phone", ("phone", 0.4, PHONE)),
    )
    assert sorted(found) == [("phone", 0.4), ("phone", 0.5)]


def test_a_model_that_does_not_know_a_thing_has_no_say_in_it() -> None:
    headphones = ("headphones", 0.6, PHONE)
    assert mean(member("phone"), member("phone headphones", headphones)) == [("headphones", 0.6)]


def test_a_thing_with_two_of_our_names_in_one_model_counts_once() -> None:
    screens = (("screen", 0.5, PHONE), ("screen", 0.4, PHONE + 1))
    assert mean(member("screen", *screens), member("screen")) == [("screen", 0.25)]


def test_what_hardly_anybody_sees_is_left_out() -> None:
    assert mean(member("phone", ("phone", 0.09, PHONE)), member("phone")) == []


def test_measures_are_of_what_the_models_know() -> None:
    net = member("phone screen", ("screen", 0.5, PHONE))
    nets = ObjectNets(net, (), net.words)
    picture = Picture(0, np.full((720, 640), 120, np.uint8))
    net = ObjectDetector(nets).look(picture)
    assert net.measures == {"phone": 0.0, "screen": pytest.approx(0.5)}


class BrightSpot:
    """A thing where the picture is bright, and a person from ``person`` to its right edge.

    ``scores``: of the thing in the whole picture and in a part of it.
    """

    def __init__(self, label: str, whole: float, closer: float, person: int | None = 0) -> None:
        self.label, self.scores, self.person = label, (whole, closer), person
        self.closer: list[bool] = []
        self.mirrored: list[bool] = []

    def find(self, bgr: Image) -> list[Thing]:
        height, width = bgr.shape[:2]
        self.closer.append(width == height)
        found = []
        if self.person is not None and not self.closer[-1]:
            box = np.array([self.person, 0, width, height], np.float32)
            found.append(Thing("person", 0.9, box))
        rows, columns = np.nonzero(bgr.max(2) > 200)
        # The spot begins at the picture's middle.
        self.mirrored.append(bool(columns.size and columns.min() < width // 2 - 8))
        score = self.scores[self.closer[-1]]
        if score and rows.size:
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            found.append(Thing(self.label, score, np.array(box, np.float32)))
        return found


def spotted(at_ms: int = 0, left: int = 320, size: tuple[int, int] = (640, 480)) -> Picture:
    bgr = np.zeros((size[1], size[0], 3), np.uint8)
    bgr[96:192, left : left + 64] = 255
    return Picture(at_ms, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8))


def looking(net: BrightSpot) -> ObjectDetector:
    return ObjectDetector(ObjectNets(net, (), frozenset({net.label, "phone", "person"})))


def test_every_other_look_is_at_the_square_around_the_person_and_tells_the_same_place() -> None:
    """The second closer look is at the mirrored square."""
    net = BrightSpot("phone", 0.09, 0.09)
    detector = looking(net)
    for at_ms in range(0, 4000, 1000):
        box, *_ = detector.look(spotted(at_ms)).boxes
        assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((0.5, 0.2, 0.6, 0.4), abs=0.01)
    assert net.closer == [False, True, False, True]
    assert net.mirrored == [False, False, False, True]


def test_the_square_follows_the_person() -> None:
    net = BrightSpot("phone", 0.0, 0.09, person=400)
    detector = looking(net)
    detector.look(spotted(0, left=560))
    box, *_ = detector.look(spotted(1000, left=560)).boxes
    assert box.label == "phone"
    assert (box.x0, box.x1) == pytest.approx((0.875, 0.975), abs=0.01)


@pytest.mark.parametrize("size", [(640, 480), (640, 360), (480, 640)])
def test_the_square_is_as_large_as_the_picture_lets_it_be(size: tuple[int, int]) -> None:
    shown: list[tuple[int, ...]] = []

    class Measuring(BrightSpot):
        def find(self, bgr: Image) -> list[Thing]:
            shown.append(bgr.shape[:2])
            return super().find(bgr)

    detector = looking(Measuring("phone", 0.0, 0.0))
    for at_ms in (0, 1000):
        detector.look(spotted(at_ms, size=size))
    assert shown == [(size[1], size[0]), (min(size), min(size))]


def test_where_nobody_is_seen_all_looks_are_at_the_whole_picture() -> None:
    """So that an empty seat is told as soon as ever."""
    net = BrightSpot("phone", 0.5, 0.5, person=None)
    detector = looking(net)
    for at_ms in range(0, 3000, 500):
        assert detector.look(spotted(at_ms)).measures == {"person": 0.0, "phone": 0.5}
    assert not any(net.closer)


@pytest.mark.parametrize(("whole", "closer"), [(0.2, 0.5), (0.5, 0.2)])
def test_a_hint_of_a_phone_is_looked_at_in_both_ways_and_counts_as_the_better_one_says(
    whole: float, closer: float
) -> None:
    net = BrightSpot("phone", whole, closer)
    detector = looking(net)
    for at_ms in (0, 200):
        box, *_ = detector.look(spotted(at_ms)).boxes
        assert (box.score, box.x0, box.x1) == pytest.approx((0.5, 0.5, 0.6), abs=0.01)
    assert net.closer == [False, True, True, False]


def test_what_one_way_hints_at_is_followed_up_in_both_for_a_moment() -> None:
    """A phone that only the closer look shows is found in every look from its first hint."""
    net = BrightSpot("phone", 0.0, PHONE_HINT)
    detector = looking(net)
    times = (0, 1000, 1200, 1400, 1600)
    found = [detector.look(spotted(at_ms)).measures["phone"] for at_ms in times]
    assert found == [0.0, *[PHONE_HINT] * 4]
    net.scores = (0.0, 0.0)
    net.closer.clear()
    for at_ms in (1600 + HINTED_MS - 1, 1600 + HINTED_MS):
        detector.look(spotted(at_ms))
    assert len(net.closer) == 2 + 1


def test_in_calm_each_look_is_a_single_one_until_it_hints_itself() -> None:
    """Else a badge would double every look; whoever is suspected is looked at more often."""
    assert 1000 / Schedule().suspect_fps < HINTED_MS < Schedule().calm_ms
    assert Schedule().phone_hint >= PHONE_HINT


def test_a_closer_look_tells_phones_and_who_is_seen_and_nothing_else() -> None:
    """A screen may stand beside the square; nobody in it is no empty seat."""
    net = BrightSpot("screen", 0.5, 0.5, person=200)
    detector = looking(net)
    whole, closer = (detector.look(spotted(at_ms)) for at_ms in (0, 1000))
    assert whole.measures == {"person": 0.9, "phone": 0.0, "screen": 0.5}
    assert closer.measures == {"phone": 0.0, "objects_rested": 1.0}
    assert closer.boxes == ()

    class Near(BrightSpot):
        def find(self, bgr: Image) -> list[Thing]:
            return [Thing("person", 0.7, np.array([0, 0, 9, 9], np.float32))]

    detector = looking(Near("phone", 0.0, 0.0))
    measured = [detector.look(spotted(at_ms)).measures for at_ms in (0, 1000)]
    assert measured[1] == {"phone": 0.0, "person": 0.7, "objects_rested": 1.0}


def test_where_looks_are_seldom_all_are_at_the_whole_picture() -> None:
    """Rules end what was not looked at for three seconds."""
    net = BrightSpot("phone", 0.0, 0.0)
    detector = looking(net)
    for at_ms in range(0, 10_000, 2000):
        assert "objects_rested" not in detector.look(spotted(at_ms)).measures
    assert not any(net.closer)


def test_with_a_network_of_its_own_for_it_each_look_is_a_closer_one_too() -> None:
    """As the second look over a recording does, whose other network looks at tiles."""
    whole, square = BrightSpot("screen", 0.5, 0.0), BrightSpot("phone", 0.0, 0.3)
    detector = ObjectDetector(
        ObjectNets(whole, (), frozenset({"phone", "person", "screen"})), closer=square
    )
    for at_ms in range(0, 3000, 500):
        measures = detector.look(spotted(at_ms)).measures
        assert measures == {"person": 0.9, "phone": 0.3, "screen": 0.5}
    assert not any(whole.closer)
    assert all(square.closer)
