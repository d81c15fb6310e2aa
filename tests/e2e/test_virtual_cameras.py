"""Which names of a camera are those of programs that paint the picture themselves."""

import re

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PAINTED = (
    "OBS Virtual Camera",
    "OBS-Camera",
    "Streamlabs Desktop Virtual Webcam",
    "ManyCam Virtual Webcam",
    "Snap Camera",
    "XSplit VCam",
    "e2eSoft VCam",
    "SparkoCam Video",
    "CamTwist",
    "mmhmm Camera",
    "Ecamm Live Virtual Camera",
    "NDI Webcam Video 1",
    "Unity Video Capture",
    "vMix Video",
    "CyberLink YouCam 10",
    "PRISM Live Camera",
    "FineCam",
    "DeepFaceLive",
    "Fake Webcam 7.4",
    "screen-capture-recorder",
    "Dummy video device (0x0000)",
)
REAL = (
    "",
    "HD WebCam",
    "Integrated Camera (13d3:56ff)",
    "FaceTime HD Camera",
    "Logitech StreamCam",
    "HP TrueVision HD",
    "USB Video Device",
    "Handicam",
    "fake_device_0",
    # A phone used as a camera is one all the same.
    "DroidCam Source 3",
    "Camo",
    "iVCam",
)
TOLD = """async ([base, labels]) => {
  const { isVirtual } = await import(`${base}/js/room/watching.js`);
  return labels.filter(isVirtual);
}"""


def test_programs_that_paint_the_picture_are_told_from_cameras(visit) -> None:
    student = visit()
    student.sign_in("student2")
    page = student.open("/cabinet")
    (base,) = re.findall(r'src="(\S+)/js/fill-left\.js"', page.content())
    assert page.evaluate(TOLD, [base, [*PAINTED, *REAL]]) == list(PAINTED)
