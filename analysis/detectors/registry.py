"""Which detectors there are. A loader reads networks once; its maker serves each sitting."""

from collections.abc import Callable, Mapping

from analysis.contracts import NOBODY_KNOWN
from analysis.detectors.contracts import Detector
from analysis.detectors.faces import FaceDetector, FaceNets
from analysis.detectors.feed import FeedDetector, feed_ref
from analysis.detectors.identity import IdentityDetector, IdentityNets
from analysis.detectors.objects import ObjectDetector, ObjectNets
from analysis.detectors.speech import SpeechDetector, VoiceNet
from models import Registry

# ``identity`` takes the Subject whom the sitting expects, too.
Maker = Callable[..., Detector]
Loader = Callable[[Registry], Maker]


def _feed(_registry: Registry) -> Maker:
    ref = feed_ref()
    return lambda: FeedDetector(ref)


def _faces(registry: Registry) -> Maker:
    nets = FaceNets.load(registry)
    return lambda: FaceDetector(nets)


def _objects(registry: Registry) -> Maker:
    nets = ObjectNets.load(registry)
    return lambda: ObjectDetector(nets)


def _identity(registry: Registry) -> Maker:
    nets = IdentityNets.load(registry)
    return lambda subject=NOBODY_KNOWN: IdentityDetector(nets, subject)


def _speech(registry: Registry) -> Maker:
    net = VoiceNet(registry.load("voice"))
    return lambda: SpeechDetector(net)


# In the order in which they look at a picture. A loader raises ModelError when its models are
# absent or refused; the others then work without it.
DETECTORS: Mapping[str, Loader] = {
    "feed": _feed,
    "faces": _faces,
    "objects": _objects,
    "identity": _identity,
    "speech": _speech,
}
